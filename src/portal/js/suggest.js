// A search field becomes a combobox (WAI-ARIA, list autocomplete): what /find.json finds for the
// words typed so far. Choosing asks about that class, or shows it where the form only searches.
const pause = 200; // ms without a key
const most = 8;

export function enhance(root, tools) {
    for (const input of root.querySelectorAll('form[role="search"] input[name="q"]'))
        if (!input.hasAttribute("aria-controls")) combobox(input, tools);
}

function address(form, code) {
    const data = new URLSearchParams(new FormData(form));
    data.delete("q");
    const path = new URL(form.action).pathname;
    if (path === "/check") data.set("sector", code);
    return `${path === "/check" ? path : `/services/${encodeURIComponent(code)}`}?${data}`;
}

function option(found, english, id) {
    const li = document.createElement("li");
    const [name, other] = english ? ["en", "zh"] : ["zh", "en"];
    const code = document.createElement("span");
    li.id = id;
    li.setAttribute("role", "option");
    li.dataset.code = found.code;
    li.append(`${found.title[name] || found.title[other]} `);
    code.className = "code";
    code.textContent = found.code;
    li.append(code);
    return li;
}

function combobox(input, { words, announce }) {
    const list = document.createElement("ul");
    const place = document.createElement("div");
    const english = document.documentElement.lang === "en";
    let at = -1; // the chosen option
    let turn = 0; // an answer to an earlier question is dropped
    let timer = 0;

    list.id = `${input.id}-list`;
    list.className = "suggest";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", words.candidates);
    place.className = "suggests"; // below the button, which it must not cover
    place.append(list);
    input.form.append(place);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");

    function choose(i) {
        list.children[at]?.setAttribute("aria-selected", "false");
        at = i;
        const li = list.children[i];
        if (!li) return input.removeAttribute("aria-activedescendant");
        li.setAttribute("aria-selected", "true");
        li.scrollIntoView({ block: "nearest" });
        input.setAttribute("aria-activedescendant", li.id);
    }
    function show(open) {
        list.hidden = !open;
        input.setAttribute("aria-expanded", String(open));
        if (!open) choose(-1);
    }
    function close() {
        clearTimeout(timer);
        turn++;
        show(false);
    }
    async function ask() {
        const text = input.value.trim();
        const mine = ++turn;
        if (text === "") return show(false);
        let found;
        try {
            const response = await fetch(`/find.json?q=${encodeURIComponent(text)}`);
            found = (await response.json()).classes.slice(0, most);
        } catch {
            return; // the form still searches
        }
        if (mine !== turn || document.activeElement !== input) return;
        choose(-1);
        list.replaceChildren(
            ...found.map((f, i) => option(f, english, `${list.id}-${i}`)),
        );
        for (const li of list.children) li.setAttribute("aria-selected", "false");
        show(found.length > 0);
        announce(words.found.replace("%d", found.length));
    }
    function pick(li) {
        close();
        input.value = li.dataset.code;
        location.assign(address(input.form, li.dataset.code));
    }

    input.addEventListener("input", (e) => {
        clearTimeout(timer);
        if (!e.isComposing) timer = setTimeout(ask, pause);
    });
    input.addEventListener("compositionend", () => {
        clearTimeout(timer);
        timer = setTimeout(ask, pause);
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (e) => {
        const n = list.hidden ? 0 : list.children.length;
        if (e.isComposing) return;
        if (e.key === "ArrowDown" && n === 0) ask();
        else if (e.key === "ArrowDown") choose(at + 1 < n ? at + 1 : 0);
        else if (e.key === "ArrowUp" && n > 0) choose(at > 0 ? at - 1 : n - 1);
        else if (e.key === "Escape" && n > 0) close();
        else if (e.key === "Enter" && at >= 0) pick(list.children[at]);
        else {
            // Enter without a choice sends the form: what is on its way must not open over it.
            if (e.key === "Enter") close();
            return;
        }
        e.preventDefault();
    });
    list.addEventListener("mousedown", (e) => e.preventDefault()); // the field keeps the focus
    list.addEventListener("click", (e) => {
        const li = e.target.closest("li");
        if (li) pick(li);
    });
}
