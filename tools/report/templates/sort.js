// A click on a heading sorts its table: numbers from the highest, names from a; a second click turns
// the order. A cell counts by its first number; one without a number is the lowest.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  const [body] = table.tBodies;
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const numbers = body.rows[0].cells[column].classList.contains("number");
    const order = { ascending: "descending", descending: "ascending" }[heading.getAttribute("aria-sort")]
      ?? (numbers ? "descending" : "ascending");
    headings.forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => row.cells[column].textContent;
    const number = (row) => parseFloat(text(row).replace(/[[,~]/g, ""));
    const value = (row) => Number.isNaN(number(row)) ? -1e300 : number(row);
    const compare = numbers ? (a, b) => value(a) - value(b) : (a, b) => text(a).localeCompare(text(b), "en");
    body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)));
  }));
}
