// Says which files were chosen, how large they are, and warns before an upload that would be refused.
// Without this module the server's own checks say the same after sending.
const SIZES = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function inWords(bytes) {
  return bytes < 1e6 ? `${SIZES.format(bytes / 1e3)} kB` : `${SIZES.format(bytes / 1e6)} MB`;
}

for (const input of document.querySelectorAll("input[type=file][data-limit]")) {
  const list = document.createElement("ul");
  list.className = "sentences note";
  list.setAttribute("aria-live", "polite");
  input.after(list);
  input.addEventListener("change", () => {
    list.replaceChildren(
      ...Array.from(input.files, (file) => {
        const item = document.createElement("li");
        const large = file.size > Number(input.dataset.limit);
        const named = /\.(txt|md)$/i.test(file.name);
        const problem = large ? " - too large" : named ? "" : " - only .txt and .md are read";
        item.textContent = `${file.name}, ${inWords(file.size)}${problem}`;
        item.className = problem ? "errors" : "";
        return item;
      }),
    );
  });
}
