import { chromium } from "playwright-core";
const browser = await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox","--disable-gpu"]});
const list = JSON.parse(process.argv[2]);
for (const [name, path, o] of list) {
  const ctx = await browser.newContext({viewport:{width:o.w??1280,height:o.w===390?844:800},colorScheme:o.dark?"dark":"light",javaScriptEnabled:!o.nojs});
  const page = await ctx.newPage();
  await page.goto("http://127.0.0.1:8091"+path);
  if (o.open) await page.evaluate(()=>document.querySelectorAll("details").forEach(d=>d.open=true));
  await page.screenshot({path:`/tmp/pdiff/${name}.png`,fullPage:o.full??true, clip:o.clip});
  await ctx.close();
}
await browser.close();
