// Finds the number below `most` whose SHA-256 with `salt` is `hash`. Own code, because crypto.subtle answers one hash at a time,
// and not at all where the console is reached without https. The message is shorter than one block.

const K = new Uint32Array(64);
const START = new Uint32Array(8);
let count = 0;
for (let n = 2; count < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  if (count < 8) START[count] = (Math.sqrt(n) % 1) * 4294967296;
  K[count++] = (Math.cbrt(n) % 1) * 4294967296;
}
const turn = (x, n) => (x >>> n) | (x << (32 - n));
const words = new Uint32Array(64);
const state = new Uint32Array(8);
const bytes = new Uint8Array(64);

function hashBlock() {
  for (let i = 0; i < 16; i++) words[i] = (bytes[4 * i] << 24) | (bytes[4 * i + 1] << 16) | (bytes[4 * i + 2] << 8) | bytes[4 * i + 3];
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15];
    const y = words[i - 2];
    words[i] = words[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)) + words[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i++) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
  }
  const sums = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) state[i] = START[i] + sums[i];
}

function find(salt, hash, most) {
  const wanted = Uint32Array.from(hash.match(/.{8}/g), (part) => parseInt(part, 16));
  const head = new TextEncoder().encode(salt);
  for (let number = 0; number < most; number++) {
    const digits = String(number);
    const length = head.length + digits.length;
    bytes.fill(0);
    bytes.set(head);
    for (let i = 0; i < digits.length; i++) bytes[head.length + i] = digits.charCodeAt(i);
    bytes[length] = 0x80;
    bytes[62] = (length * 8) >> 8;
    bytes[63] = (length * 8) & 255;
    hashBlock();
    if (state[0] === wanted[0] && state.every((word, i) => word === wanted[i])) return number;
  }
  return -1;
}

self.onmessage = (event) => self.postMessage(find(event.data.salt, event.data.hash, event.data.most));
