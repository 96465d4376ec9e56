// The parts of a picture that have a <title> show it at once, to the mouse and to the keyboard:
// a picture is one stop of Tab, the arrows go from part to part. Links stay stops of their own.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // the parts carry the words themselves
document.body.append(tip);
let held = null; // the title put aside, so that the browser does not show it as well

const titleOf = (part) => [...part.children].find((e) => e.localName === "title");

function hide() {
    if (held) held.title.textContent = held.text;
    held = null;
    tip.hidden = true;
}

function show(part) {
    const title = titleOf(part);
    if (held?.title === title) return;
    hide();
    held = { title, text: title.textContent };
    title.textContent = "";
    tip.textContent = held.text;
    tip.hidden = false;
    const box = part.getBoundingClientRect();
    const wide = document.documentElement.clientWidth - tip.offsetWidth - 8;
    const left = Math.max(8, Math.min(wide, box.left + box.width / 2 - tip.offsetWidth / 2));
    const above = box.top - tip.offsetHeight - 8;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${(above < 8 ? box.bottom + 8 : above) + scrollY}px`;
}

export function enhance(root) {
    for (const svg of root.querySelectorAll("svg")) {
        const parts = [...svg.querySelectorAll("title")]
            .map((t) => t.parentElement)
            .filter((p) => p !== svg);
        if (parts.length > 0 && !svg.dataset.tips) listen(svg, parts);
    }
}

// The name of the part, or of the link around it, no longer hangs on the title.
function name(part, link) {
    const own = titleOf(part).textContent.trim();
    const seen = link ? [...link.querySelectorAll("text")].map((t) => t.textContent) : [];
    const e = link || part;
    if (!e.hasAttribute("aria-label")) e.setAttribute("aria-label", [...seen, own].join(" ").trim());
}

function listen(svg, parts) {
    const stops = parts.filter((p) => !p.closest("a"));
    svg.dataset.tips = "on";
    for (const p of parts) name(p, p.closest("a"));
    for (const p of stops) {
        p.setAttribute("tabindex", p === stops[0] ? "0" : "-1");
        p.setAttribute("role", "img");
    }
    // What role=img says of its parts, that they are nothing by themselves, no longer holds.
    if (stops.length > 0 && svg.getAttribute("role") === "img") svg.setAttribute("role", "group");
    const partOf = (e) => {
        let p = e.target;
        while (p !== svg && !titleOf(p)) p = p.parentElement;
        return p === svg ? null : p;
    };
    const see = (e) => {
        const inside = e.type === "focusin" && e.target.querySelector("title");
        const part = partOf(e) || (inside && inside.parentElement);
        if (part) show(part);
        else hide();
    };
    svg.addEventListener("pointerover", see);
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("focusin", see);
    svg.addEventListener("focusout", hide);
    svg.addEventListener("keydown", (e) => {
        const i = stops.indexOf(e.target);
        const steps = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1 };
        const next = stops[{ ...steps, Home: 0, End: stops.length - 1 }[e.key]];
        if (e.key === "Escape") hide();
        if (i < 0 || !next) return;
        e.preventDefault();
        e.target.setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
    });
}
