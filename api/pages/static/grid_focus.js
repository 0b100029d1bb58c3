// The card of the grid that has the keyboard: its row stays in the page, however far one scrolls.

// Returns a function that gives the numbers of that row, and of those that Tab leads to from there.
export function rowsWithFocus(rows) {
  let focused = null; // the place of the card
  rows.addEventListener("focusin", ({ target }) => (focused = Number(target.closest("li").dataset.index)));
  rows.addEventListener("focusout", ({ relatedTarget }) => {
    if (!rows.contains(relatedTarget)) focused = null;
  });
  return (columns) => {
    if (focused === null) return [];
    const row = Math.floor(focused / columns);
    return [row - 1, row, row + 1];
  };
}
