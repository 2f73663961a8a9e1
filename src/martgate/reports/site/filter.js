"use strict";
// Narrows the page's list to the rows that contain every word searched for. Without scripts the whole list is shown.
for (const tools of document.querySelectorAll(".tools")) {
  const list = document.getElementById(tools.dataset.list);
  const search = tools.querySelector("input[type=search]");
  const open = tools.querySelector("input[type=checkbox]");
  const status = tools.querySelector("[role=status]");
  const rows = [...list.querySelectorAll("tr.row")];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = texts.get(row);
      row.hidden = !words.every((word) => text.includes(word)) || (open?.checked && row.classList.contains("quiet"));
      shown += !row.hidden;
    }
    for (const body of list.tBodies) {
      body.hidden = ![...body.querySelectorAll("tr.row")].some((row) => !row.hidden);
    }
    status.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
  };
  search.addEventListener("input", narrow);
  open?.addEventListener("change", narrow);
  tools.hidden = false;
  narrow();
}
