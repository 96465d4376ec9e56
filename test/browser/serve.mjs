// Starts the program under test and the browser, and sees to it that both are gone at the end.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

// Returns {origin, log(), alive(), stop()}.
export async function serve() {
    const program = resolve(root, process.env.FUMAO ?? "build/fumao");
    const dir = mkdtempSync(join(tmpdir(), "fumao-browser-"));
    const store = `sqlite:${join(dir, "store.db")}`;
    const args = ["serve", "--listen", "127.0.0.1:0", "--rate", "0", "--store", store];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise((done) => {
        child.once("exit", (code, signal) => done(signal ?? code));
        child.once("error", (e) => done(e.message));
    });
    const alive = () =>
        child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    const drop = () => {
        if (alive()) child.kill("SIGKILL");
        rmSync(dir, { recursive: true, force: true });
    };
    process.once("exit", drop);
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, () => process.exit(1));

    let log = "";
    child.stderr.setEncoding("utf8");
    const port = await new Promise((done, fail) => {
        const late = setTimeout(
            () => fail(new Error(`serve is not ready after 20 s: ${log}`)),
            20000,
        );
        child.stderr.on("data", (text) => {
            log += text;
            const found = /http:\/\/127\.0\.0\.1:(\d+)\/check/.exec(log);
            if (found) {
                clearTimeout(late);
                done(found[1]);
            }
        });
        ended.then((how) => {
            clearTimeout(late);
            fail(new Error(`${program} ended (${how}): ${log}`));
        });
    });
    return {
        origin: `http://127.0.0.1:${port}`,
        log: () => log,
        alive,
        // SIGTERM, and what the program ended with.
        async stop() {
            child.kill("SIGTERM");
            const late = new Promise((done) =>
                setTimeout(done, 10000, "no end 10 s after SIGTERM").unref(),
            );
            const how = await Promise.race([ended, late]);
            drop();
            return how;
        },
    };
}

export function browse() {
    return chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    });
}
