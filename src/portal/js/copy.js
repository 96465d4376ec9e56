// A button that copies, beside command lines and permalinks; none where the browser has no
// clipboard for us (a page not from https).
export function enhance(root, tools) {
    if (!navigator.clipboard) return;
    for (const e of root.querySelectorAll("pre, a.permalink"))
        if (!e.closest(".copying")) add(e, tools);
}

function add(e, { words, announce }) {
    const button = document.createElement("button");
    const box = document.createElement(e.localName === "pre" ? "div" : "span");
    button.type = "button";
    button.className = "light js";
    button.textContent = words.copy;
    button.addEventListener("click", async () => {
        try {
            await navigator.clipboard.writeText(e.localName === "a" ? e.href : e.textContent);
        } catch {
            getSelection().selectAllChildren(e); // not allowed: ready for the reader's own copy
            return;
        }
        button.textContent = words.copied;
        announce(words.copied);
        setTimeout(() => (button.textContent = words.copy), 2000);
    });
    box.className = "copying";
    e.replaceWith(box);
    box.append(e, button);
}
