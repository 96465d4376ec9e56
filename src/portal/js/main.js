// Makes pages handier; every page is whole without this. A part is loaded where it has work.
const q = new URL(import.meta.url).search; // the hash of all parts, as in our own address
const script = document.querySelector("script[data-copy]");
const words = script.dataset; // in the language of the page

const status = document.createElement("div");
status.className = "hide";
status.setAttribute("role", "status");
document.body.append(status);

// Said by a screen reader, seen by nobody.
function announce(text) {
    status.textContent = "";
    setTimeout(() => (status.textContent = text), 50);
}

const parts = [
    ["suggest", 'form[role="search"] input[name="q"]', 1],
    ["facets", "form[data-live], nav.filters a[href]", 1],
    ["tips", "svg title", 1],
    ["fold", "details", 3],
    ["copy", "pre, a.permalink", 1],
    ["moving", "#moving:not([data-poll='0'])", 1],
];

// Each part has enhance(root, tools), and may be given the same root twice.
async function enhance(root) {
    const wanted = parts.filter(([, what, few]) => root.querySelectorAll(what).length >= few);
    const loaded = await Promise.all(wanted.map(([name]) => import(`./${name}.js${q}`)));
    for (const part of loaded) part.enhance(root, { words, announce, enhance });
}

enhance(document.getElementById("main")).then(() => {
    document.documentElement.dataset.js = "ready";
});
