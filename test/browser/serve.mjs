// Starts the program under test and the browser, and sees to it that both are gone at the end.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

// Made-up declarations of three years become one release in the store.
function release(program, dir, store) {
    const at = (name) => join(dir, name);
    const run = (out, ...args) =>
        execFileSync(program, ["stats", ...args], { stdio: ["ignore", out, "ignore"] });
    const beside = ["--rates", at("rates.csv"), "--register", at("register.csv")];
    const made = ["--rows", "60000", "--from", "2023-01", "--months", "36", "--no-faults"];
    run(openSync(at("made.csv"), "w"), "generate", ...made, "--no-late", ...beside);
    run("ignore", "compile", at("made.csv"), ...beside, "--cube", at("cube"));
    run("ignore", "audit", at("cube"), "--release", at("release"), "--store", store);
    run("ignore", "publish", at("release"), "--store", store);
}

// Three jobs of the store: two that were run, well and not, and one that goes on as long as its
// lock is held; `at` sets how far that one is.
function jobs(program, dir, store) {
    const run = (file, good) => {
        const rates = ["--rates", join(dir, "rates.csv")];
        const args = ["stats", "compile", join(dir, file), ...rates, "--job", "--store", store];
        try {
            execFileSync(program, args, { stdio: "ignore" });
        } catch (e) {
            if (good) throw e;
        }
    };
    run("made.csv", true);
    writeFileSync(join(dir, "other.csv"), "no,such,columns\n");
    run("other.csv", false);
    const id = "20300101-000000-1";
    const path = join(dir, "store.db.jobs", id);
    const total = 8_000_000_000;
    const at = (share, state = "running") => {
        const job = { id, what: "import", state, started: 1893427200, updated: 1893427260 };
        job.rows = Math.round(share * 100_000_000);
        job.bytes = Math.round(share * total);
        Object.assign(job, { total, rejects: 1234, rows_per_s: 1_500_000 });
        Object.assign(job, { bytes_per_s: 123_400_000, seconds_left: 42, status: 0 });
        Object.assign(job, { error: null, output: `${path}.out`, pid: 0 });
        writeFileSync(`${path}.new`, JSON.stringify(job), { mode: 0o600 });
        renameSync(`${path}.new`, `${path}.json`);
    };
    writeFileSync(`${path}.out`, "", { mode: 0o600 });
    const lock = spawn("flock", [`${path}.out`, "cat"], { stdio: ["pipe", "pipe", "ignore"] });
    process.once("exit", () => lock.stdin.destroy()); // its end is the end of cat
    at(0.37);
    return new Promise((done, fail) => {
        lock.once("error", fail);
        lock.stdout.once("data", () => done({ id, at, end: () => lock.stdin.end() }));
        lock.stdin.write("locked\n");
    });
}

// Returns {origin, job, log(), alive(), stop()}; job: {id, at(share, state)}, see above.
export async function serve() {
    const program = resolve(root, process.env.FUMAO ?? "build/fumao");
    const dir = mkdtempSync(join(tmpdir(), "fumao-browser-"));
    process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
    const store = `sqlite:${join(dir, "store.db")}`;
    release(program, dir, store);
    const job = await jobs(program, dir, store);
    const args = ["serve", "--listen", "127.0.0.1:0", "--rate", "0", "--jobs", "--store", store];
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = new Promise((done) => {
        child.once("exit", (code, signal) => done(signal ?? code));
        child.once("error", (e) => done(e.message));
    });
    const alive = () =>
        child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    const drop = () => {
        job.end();
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
        job,
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
