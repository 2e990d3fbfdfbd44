// Before anything is drawn, so that a dark page does not flash white. A file of its own, since
// the content security policy refuses scripts inside a page.
(function () {
  let wanted = null;
  try {
    wanted = localStorage.getItem("mantine-color-scheme-value");
  } catch {
    // a browser that keeps nothing: follow the system
  }
  const dark =
    wanted === "dark" || (wanted !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
