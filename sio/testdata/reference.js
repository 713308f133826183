// Writes reference.golden: what the official parser makes of packets, good and
// bad. One line each: the packet, then its verdict. Run it where the parser is:
//
//	cd conformance/clients && npm ci && NODE_PATH=node_modules node ../../sio/testdata/reference.js
"use strict";
const { Decoder } = require("socket.io-parser");
const fs = require("fs");
const path = require("path");

const ph = '{"_placeholder":true,"num":0}';
const seeds = [
  "", "0", '0{"token":"x"}', "0/admin,", '0/admin,{"a":1}', "0[]", '0"x"', "1", "1/a,", "1/a,{}", "2", "3", "312[]",
  '2["hey","Jude"]', '2/admin,12["a",{"b":[1,2.5e3,null,true,"\\u00e9"]}]', '3/admin,13[1,"x"]', '4{"message":"x"}', '4"x"', "4",
  '52-["x",' + ph + ',{"a":{"_placeholder":true,"num":1}}]', "61-7[" + ph + "]", '51-/a,3["x",[' + ph + "," + ph + "]]",
  '2["connect"]', '2["\\u0063onnect"]', '2["disconnecting",1]', '2["newListener"]', "2[5,1]", "2[1.5]", '2 [ "x" , 1 ] ', '2[""]',
  '510-["x"]', '511-["x"]', '50-["x"]', '501-["x",' + ph + "]", '51e0-["x"]', "51-", "61-", '21.5["x"]', '29007199254740991["x"]',
  '29007199254740993["x"]', '51-["x",{"_placeholder":true,"num":0,"a":{"b":1}}]', '51-["x",{"num":7,"_placeholder":true,"num":0}]',
  '51-["x",{"_placeholder":true,"num":0.0}]', '51-["x",{"_placeholder":true,"num":1}]', '51-["x",{"_placeholder":true,"num":"0"}]',
  "2[]", "2{}", "2[true]", "2[null]", "2[{}]", "2[[]]", "2[-5]", "2[01]", "2[1.]", '2["x",-]', '2["x",00]', '2["x",1e]', '2["x",1E+2]',
  '2["a\\nb","\\b\\f\\n\\r\\t\\/\\\\\\""]', '2["x","\\x"]', '2["x","\\ud83d\\ude00"]', '2["x","\\u12g4"]', '2["x","\n"]', '2["x",nul]', '2["x",]',
  '2["x"]]', '2["x"', '2/a b,1["x"]', '2/a?t=1&u=2,["x"]', '2/a["x"]', '29007199254740990["x"]', '2009007199254740991["x"]', '312{}', '1{}',
  '51-["x",{"_placeholder":true}]', '51-["x",{"_placeholder":1,"num":7}]', '2["__proto__",{"__proto__":1}]', '2["\u2028é😀"]',
];
const tokens = ["0", "1", "2", "5", "9", "-", "/", ",", "[", "]", "{", "}", '"', ":", " ", "\t", "\n", "\v", "\u00a0", "\\", "\\u0",
  "e", ".", "+", "true", "null", ph, '"num"', '"_placeholder"', "é", "\0", "\x7f", "connect", "1e0", "Infinity", "0x1"];

let state = 1; // xorshift: the same packets each time
function below(n) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

function mutate(s) {
  for (let n = 1 + below(3); n > 0; n--) {
    const i = below(s.length + 1);
    const token = tokens[below(tokens.length)];
    switch (below(4)) {
      case 0: s = s.slice(0, i) + token + s.slice(i); break;
      case 1: s = s.slice(0, i) + s.slice(i + 1 + below(3)); break;
      case 2: s = s.slice(0, i) + token + s.slice(i + 1); break;
      case 3: {
        const other = seeds[below(seeds.length)];
        s = s.slice(0, i) + other.slice(below(other.length + 1));
      }
    }
  }
  return s;
}

// The i-th attachment is the byte i; in the verdict it is {"$bin":i}.
function plain(v) {
  if (Buffer.isBuffer(v)) return { $bin: v[0] };
  if (Array.isArray(v)) return v.map(plain);
  if (v === null || typeof v !== "object") return v;
  const o = Object.create(null);
  for (const k of Object.keys(v)) o[k] = plain(v[k]);
  return o;
}

function verdict(text) {
  try {
    const decoder = new Decoder();
    let p = null;
    decoder.on("decoded", (x) => (p = x));
    decoder.add(text);
    for (let i = 0; p === null; i++) decoder.add(Buffer.from([i]));
    return { type: p.type, nsp: p.nsp, id: p.id, data: plain(p.data) };
  } catch (e) {
    return { error: e.message };
  }
}

const lines = [];
const seen = new Set();
let refused = 0;
const take = (text, all) => {
  if (seen.has(text) || !text.isWellFormed()) return;
  const v = verdict(text);
  if (!all && v.error && ++refused % 2) return; // most mutants are refused: keep half of those
  seen.add(text);
  lines.push(JSON.stringify(text) + "\t" + JSON.stringify(v));
};
seeds.forEach((s) => take(s, true));
while (lines.length < 900) take(mutate(seeds[below(seeds.length)]));
fs.writeFileSync(path.join(__dirname, "reference.golden"), lines.join("\n") + "\n");
