// Filters act at once: the page they lead to is fetched and put in place of this one, and the
// focus stays. Whatever goes wrong, the browser goes there in the ordinary way.
let turn = 0; // only the last one asked for is shown

export function enhance(root, tools) {
    for (const form of root.querySelectorAll("form[data-live]")) {
        if (form.dataset.live === "on") continue;
        form.dataset.live = "on";
        form.addEventListener("change", () => {
            if (form.checkValidity()) go(address(form), form, tools);
        });
        form.addEventListener("submit", (e) => {
            e.preventDefault();
            go(address(form), form, tools);
        });
    }
    for (const nav of root.querySelectorAll("nav.filters")) {
        if (nav.dataset.live === "on") continue;
        nav.dataset.live = "on";
        nav.addEventListener("click", (e) => {
            const a = e.target.closest("a[href]");
            if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
            e.preventDefault();
            go(a.href, null, tools);
        });
    }
}

// As the browser itself would send it.
function address(form) {
    const url = new URL(form.action);
    url.search = new URLSearchParams(new FormData(form));
    return url.href;
}

async function go(url, form, tools) {
    const main = document.getElementById("main");
    const mine = ++turn;
    main.setAttribute("aria-busy", "true");
    try {
        const response = await fetch(url);
        const text = await response.text();
        if (mine !== turn) return;
        if (!response.ok) throw new Error(response.status);
        const next = new DOMParser().parseFromString(text, "text/html");
        history.replaceState(history.state, "", response.url);
        show(main, next, form);
        await tools.enhance(main);
        tools.announce(tools.words.updated);
    } catch {
        if (mine === turn) location.assign(url);
    } finally {
        if (mine === turn) main.removeAttribute("aria-busy");
    }
}

// A form in use is left where it is, with the focus and all that was typed; a link is found again
// by its place among the filters.
function show(main, next, form) {
    const links = () => [...document.querySelectorAll("nav.filters a")];
    const link = links().indexOf(document.activeElement);
    const fresh = next.getElementById("main");
    const old = form && [...main.children].find((e) => e.contains(form));
    const same = form && fresh.querySelector("form[data-live]");
    const place = same && [...fresh.children].find((e) => e.contains(same));
    if (old && place) {
        const kept = [...fresh.childNodes];
        const cut = kept.indexOf(place);
        for (const e of [...main.childNodes]) if (e !== old) e.remove();
        old.before(...kept.slice(0, cut));
        old.after(...kept.slice(cut + 1));
    } else {
        main.replaceChildren(...fresh.childNodes);
    }
    document.title = next.title;
    document.querySelector("header.top").replaceWith(next.querySelector("header.top"));
    if (link >= 0) links()[link]?.focus({ preventScroll: true });
}
