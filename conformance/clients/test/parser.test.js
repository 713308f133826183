// The Socket.IO packet parser: what is accepted, what ends the connection.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { engine, joined, polling } from "../lib/raw.js";
import { serve } from "../lib/server.js";
import { advised, lenient, patience } from "../lib/util.js";

const hold = (n) => JSON.stringify({ _placeholder: true, num: n });

describe("packets", () => {
  const server = serve("main");

  const answers = [
    ["40/custom,", /^40\/custom,\{"sid":"[A-Za-z0-9_-]{20}"\}$/],
    ["40/custom", /^40\/custom,\{"sid":"[A-Za-z0-9_-]{20}"\}$/],
    ['40/custom,{"a":1}', /^40\/custom,\{"sid":/],
    ["40/nope,", /^44\/nope,\{"message":"Invalid namespace"\}$/],
    ['40/admin,{"token":"x"}', /^44\/admin,\{"message":"unauthorized","data":\{"code":401,"hint":"use secret"\}\}$/],
    ["40/admin,", /^44\/admin,\{"message":"missing token"\}$/],
    ['42["message",1,"2",{"3":[]}]', /^42\["message-back",1,"2",\{"3":\[\]\}\]$/],
    ['42["message"]', /^42\["message-back"\]$/],
    ['42 ["message" , 1 ]', /^42(0)?\["message-back",1\]$/], // the reference takes the blank for id 0
    ['421["message-with-ack",5]', /^431\[5\]$/],
    ['420["message-with-ack"]', /^430\[\]$/],
    ['42007["message-with-ack",5]', /^437\[5\]$/],
    ['429007199254740991["message-with-ack"]', /^439007199254740991\[\]$/],
  ];
  for (const [packet, want] of answers) {
    it(`${packet} is answered`, async () => {
      const w = await joined(server);
      w.send(packet);
      assert.match(await w.packet(), want);
      w.close();
    });
  }

  it("escapes of JSON are the same value", async () => {
    const w = await joined(server);
    w.send('42["echo","€\\u20ac\\ud83e\\udd84\\n\\/"]');
    assert.deepEqual(JSON.parse((await w.packet()).slice(2)), ["echo", "€€🦄\n/"]);
    w.close();
  });

  const ignored = ["42", "43", "42[5,1]", "42[1.5]", '42[""]', "43[]", "4399[1]", '42["no-such-event"]'];
  for (const packet of ignored) {
    it(`${packet} is ignored`, async () => {
      const w = await joined(server);
      w.send(packet).send('42["echo",1]');
      assert.equal(await w.packet(), '42["echo",1]');
      w.close();
    });
  }

  const taken = '451e0-["x"]'; // by the reference, as one attachment
  const fatal = [
    "4", "4abc", "4999", "47", "4-1",
    "40[]", '40"x"', '40/admin,"x"', '40/chat,[1]', "40{", "40/chat,{",
    "40", "40{}", // joined already
    '41{}', "41/chat", "41/chat,", '41"x"',
    "42{}", "42[]", "42[null]", "42[true]", "42[{}]", "42[[]]", '42"x"', '42["x"', '42["x",]', '42["x"]]', '42["x"]y', "42[undefined]",
    '42abc["x"]', '421.5["x"]', '4211-["a"]', '42-1["x"]',
    '42["x","\u0001"]', "42['x']", '42["x",01]', '42["x",NaN]', '42["x","\\x"]',
    '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]', '42["newListener"]', '42["removeListener"]',
    '42["connect",1]', '421["disconnect"]',
    "43{}", '43"x"', "431{}", "43[",
    '44{"message":"x"}', '44"x"',
    "45", "451", "45a-", "451.23-", '450-["x"]', '45-1-["x"]', '45-["x"]', '451e0-["x"]',
    `4511-["x"${Array.from({ length: 11 }, (_, i) => "," + hold(i)).join("")}]`,
    "46", "461", "460-1[]", "461-1{}",
    '42/chat,["x"]', '42/nope,["x"]', "43/chat,1[]", "41/nope,",
  ];
  for (const packet of fatal) {
    it(`${JSON.stringify(packet.slice(0, 60))} ends the connection`, async () => {
      const w = await joined(server);
      w.send(packet);
      const ended = await w.end(lenient && packet === taken ? 100 : patience).then(() => true, () => false);
      advised(ended, true, packet !== taken);
      w.close();
    });
  }

  it("a packet for a namespace whose admission still runs ends the connection", async () => {
    const w = await joined(server);
    w.send("40/slow,").send('42/slow,["echo"]');
    await w.end();
  });

  it("ends a polling session as well", async () => {
    for (const packet of ["4abc", '42["x"', "42{}", '42["connect"]', "40", '42/chat,["x"]']) {
      const p = await polling(server, "/socket.io/");
      await p.post("40");
      await p.packets();
      await p.post(packet);
      for (let i = 0; i < 4; i++) {
        const res = await p.get();
        if (res.status !== 200 || res.body.endsWith("1")) break;
      }
      assert.ok(await p.gone(), packet);
    }
  });

  it("a bad packet harms no other connection", async () => {
    const well = await joined(server);
    for (const packet of fatal) (await joined(server)).send(packet);
    well.send('421["echo",1]');
    assert.equal(await well.packet(), "431[1]");
    well.close();
  });
});

describe("attachments", () => {
  const server = serve("main");
  const B = (...bytes) => Buffer.from(bytes);
  const text = (n, rest = "") => `45${n}-["echo",${Array.from({ length: n }, (_, i) => hold(i)).join()}${rest}]`;

  it("one, two, ten", async () => {
    const w = await joined(server);
    for (const n of [1, 2, 10]) {
      w.send(text(n));
      for (let i = 0; i < n; i++) w.send(B(i, 255));
      assert.equal(await w.packet(), text(n));
      for (let i = 0; i < n; i++) assert.deepEqual(await w.packet(), B(i, 255));
    }
    w.close();
  });

  it("nested, in another order", async () => {
    const w = await joined(server);
    w.send(`452-["echo",{"b":${hold(1)},"a":[${hold(0)}]}]`).send(B(1)).send(B(2));
    // The members of an object may come in any order, their bytes follow them.
    const [, { a, b }] = JSON.parse((await w.packet()).slice(4));
    const bytes = [await w.packet(), await w.packet()];
    assert.deepEqual([bytes[b.num], bytes[a[0].num]], [B(2), B(1)]);
    w.close();
  });

  it("an acknowledgement with attachments", async () => {
    const w = await joined(server);
    w.send(`451-7["echo",${hold(0)}]`).send(B(9));
    assert.equal(await w.packet(), `461-7[${hold(0)}]`);
    assert.deepEqual(await w.packet(), B(9));
    w.close();
  });

  it("an answer with attachments", async () => {
    const w = await joined(server);
    w.send('4210["ask","q",2000]');
    const q = await w.packet();
    const id = /^42(\d+)\["q"\]$/.exec(q)[1];
    w.send(`461-${id}[${hold(0)}]`).send(B(5, 6));
    assert.equal(await w.packet(), `461-10[{"ok":true,"args":[${hold(0)}]}]`);
    assert.deepEqual(await w.packet(), B(5, 6));
    w.close();
  });

  it("leading zeros of the count", async () => {
    const w = await joined(server);
    w.send(`4501-["echo",${hold(0)}]`).send(B(1));
    assert.equal(await w.packet(), text(1));
    await w.packet();
    w.close();
  });

  it("in a namespace", async () => {
    const w = await joined(server, "/chat");
    w.send(`451-/chat,3["echo",${hold(0)}]`).send(B(1));
    assert.equal(await w.packet(), `461-/chat,3[${hold(0)}]`);
    await w.packet();
    w.close();
  });

  it("a heartbeat may come between", async () => {
    const w = await joined(server);
    w.send(text(1)).send("3").send(B(1));
    assert.equal(await w.packet(), text(1));
    w.close();
  });

  const fatal = [
    ["binary that is not due", [B(1)]],
    ["text while binary is missing", [text(1), '42["echo",1]']],
    ["one too many", [text(1), B(1), B(2)]],
    ["eleven", [text(11), ...Array.from({ length: 11 }, (_, i) => B(i))]],
    ["a number out of range", [`451-["echo",${hold(1)}]`, B(1)]],
    ["a negative number", [`451-["echo",${hold(-1)}]`, B(1)]],
    ["a namespace that is not joined", [`451-/chat,["x",${hold(0)}]`, B(1)]],
    ["a fraction", [`451-["echo",${hold(0.5)}]`, B(1)]],
    ["a word for a number", ['451-["echo",{"_placeholder":true,"num":"splice"}]', B(1)]],
    ["no number", ['451-["echo",{"_placeholder":true}]', B(1)]],
    ["a huge count", ["4599999999999-[]"]],
  ];
  for (const [what, packets] of fatal) {
    it(`${what} ends the connection`, async () => {
      const w = await joined(server);
      for (const p of packets) w.ws.send(p, () => {});
      const taken = what === "a fraction"; // by the reference, as undefined
      const ended = await w.end(lenient && taken ? 100 : patience).then(() => true, () => false);
      advised(ended, true, !taken);
      w.close();
    });
  }

  it("over polling they stand beside their packet", async () => {
    const p = await polling(server, "/socket.io/");
    await p.post("40");
    const first = await p.packets();
    if (first.length === 1) await p.packets();
    await p.post(`451-["echo",${hold(0)}]\x1ebAQI=`);
    assert.deepEqual(await p.packets(), [text(1), "bAQI="]);
  });

  it("a connection that leaves with attachments due leaves nothing", async () => {
    for (let i = 0; i < 5; i++) {
      const w = await joined(server);
      w.send(text(3)).send(B(1));
      w.close();
    }
    const w = await joined(server);
    w.send('421["echo",1]');
    assert.equal(await w.packet(), "431[1]");
    w.close();
  });
});

describe("auth", () => {
  const server = serve("main");

  it("any object is the payload", async () => {
    for (const auth of ['{"a":{"b":[1,2,{"c":null}]}}', '{"€":"🦄"}', "{}"]) {
      const w = await engine(server, "/socket.io/");
      w.send("40" + auth);
      await w.packet();
      assert.equal(await w.packet(), `42["auth",${auth}]`);
      w.close();
    }
  });

  it("deep JSON is either taken or ends its own connection alone", async () => {
    const well = await joined(server);
    for (const depth of lenient ? [100] : [100, 10_000, 200_000]) {
      const w = await joined(server);
      w.send(`421["echo",${"[".repeat(depth)}${"]".repeat(depth)}]`);
      await Promise.race([w.packet().catch(() => {}), w.end().catch(() => {})]);
      w.close();
    }
    well.send('421["echo",1]');
    assert.equal(await well.packet(), "431[1]");
    well.close();
  });
});
