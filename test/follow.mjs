// A receiver for test/follow.sh. node follow.mjs FOLDER: listens on two ports of 127.0.0.1, http and
// https (FOLDER/tls.key, tls.crt), writes them to FOLDER/ports, and every request to FOLDER/log as a
// line of JSON. The path says how it behaves. The http port is there on 127.0.0.2 to 127.0.0.9 as well,
// which are other hosts to the sender.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const folder = process.argv[2];
let connections = 0;

function endless(response, header) { // writes until the other side has had enough
  let written = 0;
  const piece = Buffer.alloc(65536, 0x20);
  const more = () => {
    while (!response.destroyed && written < 1 << 30) {
      written += piece.length;
      if (!response.write(piece)) return response.once('drain', more);
    }
  };
  response.on('error', () => {});
  response.on('close', () => writeFileSync(`${folder}/written`, String(written)));
  response.writeHead(200, header);
  more();
}

function whenThere(file, then) {
  if (existsSync(`${folder}/${file}`)) then();
  else setTimeout(() => whenThere(file, then), 20);
}

// FOLDER/gate says N: no answer goes out until N requests wait for one at the same time; then all do.
// So who does not have N posts under way gets none. FOLDER/most: how many waited at one time, how
// many of one host. An answer counts as given before the sender can know of it.
const held = [];
let open = false;
const most = { all: 0, host: 0, came: 0 };
function release() {
  open = true;
  for (const h of held.splice(0)) h.response.writeHead(200).end('x');
}
function gate(host, response) {
  held.push({ host, response });
  most.came++;
  most.all = Math.max(most.all, held.length);
  most.host = Math.max(most.host, held.filter((h) => h.host === host).length);
  writeFileSync(`${folder}/most`, `${most.all} of all, ${most.host} of one host, ${most.came} came\n`);
  if (open) release();
  else if (held.length === Number(readFileSync(`${folder}/gate`, 'utf8')))
    setTimeout(release, 200); // one more than there may be has a moment to show itself
}

function answer(path, request, response) {
  const say = (status, header) => response.writeHead(status, header).end('x');
  if (path === '/big') endless(response, { 'Content-Type': 'text/plain' });
  else if (path === '/header') say(200, Object.fromEntries([...Array(20)].map((_, i) => [`X-${i}`, 'y'.repeat(6000)])));
  else if (path === '/fail') say(existsSync(`${folder}/well`) ? 204 : 500);
  else if (path === '/gone') say(410);
  else if (path === '/moved') say(307, { Location: '/landed' });
  else if (path === '/silent') request.socket.resume(); // no answer at all
  else if (path === '/hold') whenThere('go', () => { say(200); writeFileSync(`${folder}/answered`, ''); });
  else if (path === '/gate') gate(request.socket.localAddress, response);
  else say(200);
}

function handle(request, response) {
  const parts = [];
  request.on('data', (d) => parts.push(d));
  request.on('end', () => {
    const { method, url, headers } = request;
    appendFileSync(`${folder}/log`, JSON.stringify({ method, path: url, type: headers['content-type'],
      signature: headers['fumao-signature'], body: Buffer.concat(parts).toString() }) + '\n');
    answer(url, request, response);
  });
}

const large = { maxHeaderSize: 1 << 20 };
const plain = http.createServer(large, handle);
const tls = https.createServer({ ...large, key: readFileSync(`${folder}/tls.key`), cert: readFileSync(`${folder}/tls.crt`) }, handle);
for (const server of [plain, tls])
  server.on('connection', () => writeFileSync(`${folder}/connections`, String(++connections)));
function others(port, k, then) {
  if (k > 9) then();
  else http.createServer(large, handle).listen(port, `127.0.0.${k}`, () => others(port, k + 1, then));
}
plain.listen(0, '127.0.0.1', () => others(plain.address().port, 2, () => tls.listen(0, '127.0.0.1', () => {
  writeFileSync(`${folder}/ports.new`, `${plain.address().port} ${tls.address().port}\n`);
  renameSync(`${folder}/ports.new`, `${folder}/ports`);
})));
