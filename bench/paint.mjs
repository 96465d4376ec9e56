// The largest contentful paint of every kind of page in headless Chromium with the processor slowed
// down four times, over the loopback address, each load in a new context (nothing cached). The
// program under test is $FUMAO. `node bench/paint.mjs [LOADS]`; bench/portal.sh runs it.
import { browse, serve } from "../test/browser/serve.mjs";

const loads = Number(process.argv[2] ?? 3);
const question = { sector: "7231", mode: "1", from: "SG", to: "CN-SH-FTZ" };
const pages = [
    "/",
    "/check",
    `/check?q=${encodeURIComponent("律师")}`,
    "/check?sector=7231",
    "/check?sector=7231&mode=1&kind=firm",
    "/check?sector=7231&mode=1&kind=firm&from=SG",
    "/check?sector=7231&mode=1&kind=firm&from=SG&to=CN-SH-FTZ",
    "/check/6513/1/SG/CN",
    "/check/7231/1/SG/CN-SH-FTZ",
    "/check/65/1/SG/CN",
    "/find",
    `/find?q=${encodeURIComponent("云")}`,
    "/lists",
    "/lists/cn-national-2024",
    "/lists/cn-national-2024?section=J",
    "/lists/cn-national-2024?items=all",
    "/lists/cn-national-2024/customs-declaration",
    "/diff",
    "/diff/cn-national-2024...cn-ftz-2024",
    "/diff/cn-national-2024...cn-ftz-2024?view=side",
    "/diff/cn-hainan-2021...cn-national-2024?view=inline",
    "/changes",
    "/map",
    "/map?from=SG",
    "/services",
    "/services/72",
    "/services/7231",
    "/zones",
    "/zones/CN-HI",
    "/agreements",
    "/agreements/wto-gats-china",
    "/agreements/agreement-cn-au",
    "/follow/7231/1/SG/CN-SH-FTZ",
    "/ledger",
    "kept",
    "/status",
    "/api",
];

// When the largest part so far was painted, in milliseconds since the navigation began. Scripts
// have had their turn, and what they add would be seen.
async function paint(browser, url) {
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        locale: "zh-CN",
    });
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    const response = await page.goto(url);
    if (response.status() !== 200) throw new Error(`${url}: ${response.status()}`);
    await page.waitForSelector("html[data-js=ready]");
    const ms = await page.evaluate(
        () =>
            new Promise((done) => {
                let last = 0;
                new PerformanceObserver((list) => {
                    for (const e of list.getEntries()) last = e.startTime;
                }).observe({ type: "largest-contentful-paint", buffered: true });
                setTimeout(() => done(last), 300);
            }),
    );
    if (ms <= 0) throw new Error(`${url}: nothing was painted`);
    await context.close();
    return ms;
}
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const server = await serve();
const browser = await browse();
try {
    const kept = await fetch(`${server.origin}/v`, {
        method: "POST",
        redirect: "manual",
        body: new URLSearchParams(question),
    });
    const all = [];
    await paint(browser, `${server.origin}/`); // the browser's own first page is not ours
    for (const path of pages) {
        const at = path === "kept" ? kept.headers.get("location") : path;
        const ms = [];
        for (let i = 0; i < loads; i++) ms.push(await paint(browser, server.origin + at));
        all.push({ path: decodeURIComponent(at), median: middle(ms), worst: Math.max(...ms) });
    }
    for (const p of all.sort((a, b) => b.median - a.median))
        console.log(`  ${p.median.toFixed(0)} ms, worst ${p.worst.toFixed(0)} ms: ${p.path}`);
    const worst = all.reduce((a, b) => (b.worst > a.worst ? b : a));
    console.log(
        `largest contentful paint, processor slowed 4 times, ${all.length} pages, ` +
            `${loads} loads each: median ${middle(all.map((p) => p.median)).toFixed(0)} ms, ` +
            `slowest page ${all[0].median.toFixed(0)} ms (${all[0].path}), ` +
            `slowest load ${worst.worst.toFixed(0)} ms (${worst.path})`,
    );
} finally {
    await browser.close();
    await server.stop();
}
