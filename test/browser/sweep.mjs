// What holds for the whole site: pictures, links, words of strangers, the twins, and how large the
// pages are. Each gauge is a function of its own, so that check.mjs can hold a seeded fault to it.
import { gzipSync } from "node:zlib";
import { MARK, hostile, inputs } from "./hostile.mjs";

// --- gauges --------------------------------------------------------------------------------

// In a page: points of a picture outside of it, and letters smaller than 12 px as rendered.
export const pictures = (page) =>
    page.evaluate(() => {
        const outside = [];
        const small = [];
        const name = (e) => e.outerHTML.slice(0, 90);
        for (const svg of document.querySelectorAll("svg")) {
            if (!svg.checkVisibility()) continue;
            const box = svg.getBoundingClientRect();
            for (const e of svg.querySelectorAll("path,rect,circle,line,polyline,polygon,text")) {
                if (e.closest("defs, pattern, clipPath, symbol")) continue;
                const r = e.getBoundingClientRect();
                if (
                    r.left < box.left - 1 ||
                    r.top < box.top - 1 ||
                    r.right > box.right + 1 ||
                    r.bottom > box.bottom + 1
                )
                    outside.push(name(e));
                if (e.localName === "text" && e.textContent.trim() !== "") {
                    const scale = Math.abs(e.getScreenCTM().d);
                    if (parseFloat(getComputedStyle(e).fontSize) * scale < 11.95)
                        small.push(name(e));
                }
            }
        }
        return { outside, small };
    });

const plain = (text) =>
    text
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("&#39;", "'")
        .replaceAll("&amp;", "&");
const hrefs = (html) =>
    [...html.matchAll(/<(?:a|link)\b[^>]*?\shref="([^"]*)"/g)].map((m) => plain(m[1]));
const ids = (html) => new Set([...html.matchAll(/\sid="([^"]*)"/g)].map((m) => plain(m[1])));

// Links of the page `at` to places that are not there.
export async function dead(origin, at, html, known) {
    const found = [];
    const here = new URL(at, origin);
    for (const href of hrefs(html)) {
        const url = new URL(href, here);
        if (url.origin !== origin) continue;
        const hash = decodeURIComponent(url.hash.slice(1));
        url.hash = "";
        if (url.href === here.href) {
            if (hash !== "" && !ids(html).has(hash)) found.push(`${at}: no #${hash}`);
            continue;
        }
        const key = url.href.slice(origin.length);
        if (!known.has(key))
            known.set(
                key,
                fetch(url, { redirect: "manual" }).then(async (r) => {
                    const text = await r.text();
                    const type = r.headers.get("content-type") ?? "";
                    return { status: r.status, html: type.startsWith("text/html") ? text : null };
                }),
            );
        const r = await known.get(key);
        if (r.status >= 400) found.push(`${at}: ${key} is ${r.status}`);
        else if (hash !== "" && r.html !== null && !ids(r.html).has(hash))
            found.push(`${at}: ${key} has no #${hash}`);
    }
    return found;
}

// What a word of a stranger has created in these documents; `page` is any page of a browser.
export const created = (page, documents) =>
    page.evaluate(
        ([documents, mark]) =>
            documents.flatMap(({ at, html }) => {
                const d = new DOMParser().parseFromString(html, "text/html");
                const bad = [];
                for (const e of d.querySelectorAll("*")) {
                    if (e.localName.includes(mark)) bad.push(`element ${e.localName}`);
                    if (/^(iframe|object|embed|base|style|math|img)$/.test(e.localName))
                        bad.push(`element ${e.localName}`);
                    if (e.localName === "meta" && e.httpEquiv !== "") bad.push("meta http-equiv");
                    if (
                        e.localName === "script" &&
                        !/^\/js\/main\.js(\?v=\w+)?$/.test(e.getAttribute("src") ?? "")
                    )
                        bad.push("a script");
                    for (const a of e.attributes) {
                        if (a.name.includes(mark)) bad.push(`attribute ${a.name}`);
                        if (/^on|^style$/.test(a.name)) bad.push(`attribute ${a.name}`);
                        if (
                            /^(href|src|action|xlink:href)$/.test(a.name) &&
                            !/^(\/(?!\/)|#|https:\/\/|\?)/.test(a.value)
                        )
                            bad.push(`${a.name}=${a.value.slice(0, 40)}`);
                    }
                }
                return bad.map((b) => `${at}: ${b}`);
            }),
        [documents, MARK],
    );

// RFC 4180: rows of cells.
export function cells(text) {
    const rows = [[]];
    let i = text.charCodeAt(0) === 0xfeff ? 1 : 0;
    while (i < text.length) {
        let cell = "";
        if (text[i] === '"') {
            for (i++; i < text.length; i++) {
                if (text[i] !== '"') cell += text[i];
                else if (text[i + 1] === '"') cell += text[i++];
                else break;
            }
            i++;
        } else while (i < text.length && !",\r\n".includes(text[i])) cell += text[i++];
        rows.at(-1).push(cell);
        if (text[i] === ",") i++;
        else {
            while (text[i] === "\r" || text[i] === "\n") i++;
            if (i < text.length) rows.push([]);
        }
    }
    return rows;
}
export const formulas = (text) => cells(text).flat().filter((c) => /^[=+\-@\t\r]/.test(c));

// --- jobs ----------------------------------------------------------------------------------

// A few at a time.
async function each(list, wide, work) {
    const queue = [...list];
    const lane = async () => {
        for (let x; (x = queue.shift()) !== undefined; ) await work(x);
    };
    await Promise.all(Array.from({ length: wide }, lane));
}

// Every link of every page in the list, in both languages; then the links of what they lead to,
// a few of each shape of address.
export async function crawl(t) {
    const known = new Map();
    const read = new Set();
    const shapes = new Map();
    const look = async (at, html) => {
        read.add(at);
        const bad = await dead(t.origin, at, html, known);
        // A page that is an error is one in the other language as well.
        const self = t.pages.filter((p) => p.status !== undefined).map((p) => p.path);
        const lost = bad.filter((b) => !self.some((p) => b.includes(`: ${p}`)));
        t.same(lost.slice(0, 4).join("; "), "", `links of ${at}`);
    };
    for (const lang of ["zh", "en"])
        await each(t.pages, 4, async (p) => {
            const at = t.inLang(p.path, lang);
            await look(at, await (await fetch(t.origin + at)).text());
        });
    const first = [...known.keys()].filter((key) => {
        if (read.has(key)) return false;
        const shape = key
            .replace(/\?.*/, (q) => q.replace(/=[^&]*/g, "="))
            .replace(/[^/?=&]*\d[^/?=&]*/g, "0")
            .replace(/[A-Z]{2}(-[A-Z]+)*/g, "P");
        shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
        return shapes.get(shape) <= 2 && shapes.size <= 120;
    });
    await each(first, 4, async (at) => {
        const { html } = await known.get(at);
        if (html !== null) await look(at, html);
    });
    t.check(known.size > 500, "crawl: links", String(known.size));
    t.note(`crawl: ${read.size} pages read, ${known.size} addresses asked, ${shapes.size} shapes`);
}

// Through every input over HTTP; the answers are parsed as a browser parses them.
export async function strangers(t, browser) {
    const { page, close } = await t.open(browser, "strangers", {});
    await page.goto(`${t.origin}/status`);
    let asked = 0;
    for (const input of inputs) {
        const documents = [];
        const wrong = [];
        await each(hostile, 6, async (word) => {
            const at = input.replace("{}", () => encodeURIComponent(word));
            const r = await fetch(t.origin + at, { redirect: "manual" });
            const text = await r.text();
            const type = r.headers.get("content-type") ?? "";
            asked++;
            if (r.status >= 500 && r.status !== 503) wrong.push(`${r.status} ${at}`);
            if (/set-cookie/i.test([...r.headers.keys()].join()) && !at.startsWith("/view"))
                wrong.push(`sets a cookie: ${at}`);
            if (type.startsWith("text/html")) documents.push({ at: at.slice(0, 80), html: text });
            else if (type.includes("json")) JSON.parse(text);
            else if (text !== "") wrong.push(`${type} ${at}`);
        });
        t.same(wrong.slice(0, 3).join("; "), "", `strangers ${input}: answers`);
        const bad = await created(page, documents);
        t.same(bad.slice(0, 3).join("; "), "", `strangers ${input}: nothing is created`);
    }
    t.note(`strangers: ${hostile.length} words, ${inputs.length} inputs, ${asked} requests`);
    await close();
}

// The two that give the words back, in the browser: no dialog, and the words as they were.
export async function echoes(t, browser) {
    const { page, close } = await t.open(browser, "echoes", {});
    let dialogs = 0;
    page.on("dialog", (d) => {
        dialogs++;
        d.dismiss();
    });
    for (const path of ["/find", "/check"])
        for (const word of hostile) {
            if (word.includes("\0")) continue; // refused (strangers)
            const name = `echo ${path} ${JSON.stringify(word.slice(0, 30))}`;
            const r = await page.goto(`${t.origin}${path}?lang=en&q=${encodeURIComponent(word)}`);
            if (r.status() >= 400) {
                t.check(r.status() < 500, `${name}: is refused`, String(r.status()));
                continue;
            }
            // A field of one line has no line breaks, and HTML has no controls (U+FFFD stands for
            // them); the program trims the ends.
            const want = word.replace(/[\r\n]/g, "").trim().replace(/[\x00-\x1f\x7f]/g, "\ufffd");
            t.same((await page.locator("#q").inputValue()).trim(), want, `${name}: in its field`);
        }
    t.same(dialogs, 0, "echoes: no dialog");
    await close();
}

const tables = [
    "/lists/cn-national-2024.csv",
    "/lists/wto-gats-china.csv",
    "/lists/cn-national-2024/heat.csv",
    "/lists/cn-national-2024/heat.csv?section=J",
    "/diff/cn-national-2024...cn-ftz-2024.csv",
    "/diff/cn-hainan-2021...cn-national-2024.csv",
    "/map.csv?from=SG",
    "/map.csv?from=HK&to=CN-GD-FTZ&kind=person",
    "/services.csv",
    "/services/72.csv",
    "/zones.csv",
    "/zones/CN-HI.csv",
    "/agreements.csv",
    "/agreements/wto-gats-china.csv",
    "/stats.csv",
    "/stats/month-item.csv",
    "/stats/year-zone.csv?place=CN-SH",
];

export async function twins(t) {
    let n = 0;
    for (const path of tables)
        for (const lang of ["zh", "en"]) {
            const at = t.inLang(path, lang);
            const r = await fetch(t.origin + at);
            const text = await r.text();
            t.same(r.status, 200, `${at}: status`);
            t.check(r.headers.get("content-type")?.startsWith("text/csv"), `${at}: is CSV`);
            const rows = cells(text);
            t.check(rows.length > 1, `${at}: has rows`, String(rows.length));
            t.check(
                rows.every((row) => row.length === rows[0].length),
                `${at}: every row is as wide as the first`,
            );
            t.same(formulas(text).slice(0, 3).join(" | "), "", `${at}: no cell is a formula`);
            n += rows.flat().length;
        }
    t.same(formulas("a,\"=1+1\"\r\n'=1,-2\r\n").join(), "=1+1,-2", "seeded: formulas are seen");
    t.note(`twins: ${tables.length} tables, ${n} cells`);
}

// The budget of a page is 30 KB, and 8 KB as sent; the median one keeps to it, and none is far off.
export async function sizes(t) {
    const all = [];
    for (const p of t.pages) {
        if (p.status !== undefined) continue;
        const html = await (await fetch(t.origin + t.inLang(p.path, "zh"))).text();
        all.push({ path: p.path, n: Buffer.byteLength(html), gz: gzipSync(html).length });
    }
    const median = (key) => all.map((x) => x[key]).sort((a, b) => a - b)[all.length >> 1];
    t.check(median("n") <= 30000, "sizes: the median page", `${median("n")} bytes`);
    t.check(median("gz") <= 8000, "sizes: the median page, compressed", `${median("gz")} bytes`);
    for (const x of all)
        t.check(x.n <= 60000 && x.gz <= 12000, `sizes: ${x.path}`, `${x.n} bytes, ${x.gz} sent`);
    const over = all.filter((x) => x.n > 30000 || x.gz > 8000);
    t.note(
        `sizes: median ${median("n")} bytes, ${median("gz")} compressed; over the budget: ` +
            over.map((x) => `${x.path} ${x.n}/${x.gz}`).join(", "),
    );
}

// Without scripts, dark, on a telephone: it still fits, and pictures are whole.
export async function bare(t, browser) {
    const { page, close } = await t.open(browser, "bare", {
        javaScriptEnabled: false,
        colorScheme: "dark",
        viewport: { width: 390, height: 844 },
    });
    for (const p of t.pages) {
        const r = await page.goto(t.origin + t.inLang(p.path, "zh"));
        t.same(r.status(), p.status ?? 200, `bare ${p.path}: status`);
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
        t.check(wide <= 0, `bare ${p.path}: no sideways scrolling`, `${wide} px too wide`);
        const { outside, small } = await pictures(page);
        t.same(outside.slice(0, 2).join(), "", `bare ${p.path}: pictures are whole`);
        t.same(small.slice(0, 2).join(), "", `bare ${p.path}: their letters are of 12 px`);
    }
    await close();
}
