// Long work goes on: every few seconds this page is asked for again, and what has moved is put in its
// place, so that the focus and the place read stay. The words and figures are the server's own.
// The reader may pause it; a page that cannot be had pauses it too.
export function enhance(root, { announce }) {
    const place = root.querySelector("#moving");
    if (root.querySelector("button.moving")) return;
    const button = document.createElement("button");
    const { pause, resume, lost } = place.dataset;
    let timer = 0;

    function show(going) {
        clearTimeout(timer);
        timer = going ? setTimeout(look, place.dataset.poll * 1000) : 0;
        button.textContent = going ? pause : resume;
    }

    async function look() {
        if (document.hidden) return show(true); // nobody sees it
        const mine = timer;
        try {
            const response = await fetch(location.href);
            if (!response.ok) throw new Error(response.status);
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            if (mine !== timer) return; // paused meanwhile
            const before = said(place);
            move(place, page.getElementById("moving"));
            const news = [...said(place)].filter(([job, text]) => before.get(job) !== text);
            if (news.length > 0) announce(news.map(([, text]) => text).join("; "));
            if (place.dataset.poll === "0") button.remove();
            else show(true);
        } catch {
            if (mine !== timer) return;
            show(false);
            announce(lost);
        }
    }

    button.type = "button";
    button.className = "light js moving";
    button.addEventListener("click", () => show(timer === 0));
    place.previousElementSibling.append(button); // beside the link that does it without us
    show(true);
}

// What a screen reader is told of each job.
function said(place) {
    return new Map([...place.querySelectorAll("[data-job]")].map((e) => [e.dataset.job, e.dataset.said]));
}

// Makes `old` what `fresh` is; elements stay where the two are built alike.
function move(old, fresh) {
    for (const { name } of [...old.attributes])
        if (!fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes)
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const to = [...fresh.childNodes];
    const from = [...old.childNodes];
    const alike = to.length === from.length && to.every((n, i) => n.nodeName === from[i].nodeName);
    if (!alike) {
        const at = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
        old.replaceChildren(...to);
        if (at) old.querySelector(`[href="${CSS.escape(at)}"]`)?.focus({ preventScroll: true });
        return;
    }
    for (const [i, n] of from.entries()) {
        if (n.nodeType === Node.ELEMENT_NODE) move(n, to[i]);
        else if (n.data !== to[i].data) n.data = to[i].data;
    }
}
