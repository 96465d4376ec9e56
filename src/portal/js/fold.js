// Where much is folded, two buttons open and close all of it.
export function enhance(root, { words }) {
    const all = [...root.querySelectorAll("details")];
    if (root.querySelector(".fold")) return;
    const bar = document.createElement("p");
    bar.className = "fold js";
    for (const [word, open] of [
        [words.open, true],
        [words.close, false],
    ]) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "light";
        button.textContent = word;
        button.addEventListener("click", () => {
            for (const d of root.querySelectorAll("details")) d.open = open;
        });
        bar.append(button);
    }
    let at = all[0]; // not inside the part that holds the first, but before it
    while (at.parentElement !== root && !at.parentElement.matches(".narrow")) at = at.parentElement;
    at.before(bar);
}
