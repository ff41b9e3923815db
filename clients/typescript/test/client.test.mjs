import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import * as cli from "../dist/cli.js";
import { NightShiftError, nightShift } from "../dist/index.js";
import { json, serving } from "./server.mjs";

const JOB = { videoId: "v", videoPath: "/v.mp4", dbPath: "/v.db", outputDir: "/out" };
const CROPPED = { ...JOB, cropBounds: { left: 0, top: 1, right: 2, bottom: 3 } };

async function with_(answer, work) {
  const server = await serving(answer);
  try {
    await work(nightShift({ baseUrl: server.baseUrl, token: "t" }), server);
  } finally {
    server.close();
  }
}

function job(status, progress) {
  return { flowRunId: "1", kind: "full-frames", videoId: "v", status, priority: "interactive",
    progress, attempts: 1, error: status === "failed" ? "no such file" : null,
    createdAt: "2026-01-01T00:00:00Z", startedAt: null, endedAt: null };
}

test("a job is queued with the token, and once though its answer was a 503", async () => {
  let tries = 0;
  await with_(
    (_, response) => {
      if (++tries === 1) json(response, 503, { title: "Away" }, { "Retry-After": "0" });
      else json(response, 202, { flowRunId: "1", status: "queued", priority: "interactive" });
    },
    async (client, { asked }) => {
      const queued = await client.queueCropFramesProcessing({ ...CROPPED, frameRate: 5 });
      assert.equal(queued.flowRunId, "1");
      const [first, second] = asked;
      assert.equal(second.url, "/api/v1/jobs/crop-frames");
      assert.equal(second.headers.authorization, "Bearer t");
      assert.deepEqual(JSON.parse(second.body), { ...CROPPED, frameRate: 5 });
      assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    },
  );
});

test("what the server refuses is thrown in its own words", async () => {
  await with_(
    (_, response) => json(response, 422, { title: "Unprocessable", detail: "The bounds are empty." }),
    async (client) => {
      await assert.rejects(client.queueFullFramesProcessing(JOB), (error) => {
        assert.ok(error instanceof NightShiftError);
        return error.status === 422 && error.message === "The bounds are empty.";
      });
    },
  );
});

test("an upload that is cut goes on where it stopped", async () => {
  const content = randomBytes(300_000);
  const folder = await mkdtemp(join(tmpdir(), "client-"));
  const path = join(folder, "film ü.mp4");
  await writeFile(path, content);
  let [kept, cuts] = [Buffer.alloc(0), 0];
  const answer = (request, response) => {
    if (request.method === "POST") {
      response.writeHead(201, { Location: "/api/v1/uploads/abc" }).end();
    } else if (request.method === "HEAD") {
      const headers = { "Upload-Offset": kept.length, "Upload-Length": content.length };
      response.writeHead(200, headers).end();
    } else if (request.method === "PATCH") {
      const offset = Number(request.headers["upload-offset"]);
      if (offset !== kept.length) return json(response, 409, { detail: "another offset" });
      const isCut = ++cuts === 2; // its second piece comes by half, and no answer
      kept = Buffer.concat([kept, isCut ? request.body.subarray(0, 40_000) : request.body]);
      if (isCut) return response.destroy();
      response.writeHead(204, { "Upload-Offset": kept.length }).end();
    } else json(response, 200, { path: "/inbox/film.mp4", item_id: "ab" });
  };
  await with_(answer, async (client, { asked }) => {
    let url;
    const done = await client.upload(path, {
      chunkBytes: 100_000, onBegun: (place) => (url = place),
    });
    assert.deepEqual(kept, content);
    assert.deepEqual(done, { url, path: "/inbox/film.mp4", itemId: "ab" });
    const name = asked[0].headers["upload-metadata"].split(" ")[1];
    assert.equal(Buffer.from(name, "base64").toString(), "film ü.mp4");
    const offsets = asked.filter((one) => one.method === "PATCH").map((one) => one.headers["upload-offset"]);
    assert.deepEqual(offsets, ["0", "100000", "140000", "240000"]);
    const other = new Blob([content.subarray(1)]);
    await assert.rejects(client.upload(other, { url }), /of another file/);
  });
  await rm(folder, { recursive: true });
});

test("the token is not sent where a Location leads elsewhere", async () => {
  await with_(
    (_, response) => response.writeHead(201, { Location: "http://evil.example/x" }).end(),
    async (client) => {
      await assert.rejects(client.upload(new Blob(["x"])), /not the server/);
    },
  );
});

test("a stream of events that breaks goes on after the last event", async () => {
  const streams = [];
  const answer = (request, response) => {
    if (!request.url.endsWith("/events")) return json(response, 200, job("queued", 0));
    streams.push(request.headers["last-event-id"]);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    if (streams.length === 1) {
      response.write(`: hello\r\n\r\nid: 7\r\nevent: progress\r\ndata: ${JSON.stringify(job("running", 0.5))}\r\n\r\nid: 8\r\ndata: half`);
      setTimeout(() => response.destroy(), 20);
    } else {
      response.end(`id: 9\n${JSON.stringify(job("completed", 1)).replace(/^/, "data: ")}\n\n`);
    }
  };
  await with_(answer, async (client) => {
    const seen = [];
    for await (const one of client.follow("1")) seen.push(`${one.status} ${one.progress}`);
    assert.equal(seen.at(-1), "completed 1");
    assert.ok(seen.includes("running 0.5"));
    assert.deepEqual(streams, [undefined, "7"]);
  });
});

test("a job is followed by asking where there is no stream, and its failure is thrown", async () => {
  const states = [job("queued", 0), job("failed", 0.2)];
  const answer = (request, response) => {
    if (request.url.endsWith("/events")) json(response, 404, { title: "Not Found" });
    else json(response, 200, states.length > 1 ? states.shift() : states[0]);
  };
  await with_(answer, async (client) => {
    await assert.rejects(client.finished("1"), /no such file/);
  });
});

const COMMAND = (body) => ["-e", `const given = process.argv.slice(1); ${body}`, "--"];

test("the command line's one JSON line is the answer, whatever it warns", async () => {
  const says = "console.error('a warning'); console.log(JSON.stringify({ flowRunId: given.join('|'), status: 'queued', priority: 'background' }))";
  const command = [process.execPath, ...COMMAND(says)];
  const more = { frameRate: 10, priority: "background", cropBoundsVersion: 2 };
  const queued = await cli.queueCropFramesProcessing({ ...CROPPED, ...more }, { command });
  assert.equal(
    queued.flowRunId,
    'queue|crop-frames|--frame-rate|10|--priority|background|--crop-bounds-version|2|--|v|/v.mp4|/v.db|/out|{"left":0,"top":1,"right":2,"bottom":3}',
  );
});

test("the command line's error is thrown in its words, and so is a missing program", async () => {
  const says = "console.error(JSON.stringify({ error: 'The video is not there.', status: 'failed' })); process.exit(1)";
  const command = [process.execPath, ...COMMAND(says)];
  await assert.rejects(cli.queueFullFramesProcessing(JOB, { command }), /^NightShiftError: The video is not there\.$/);
  await assert.rejects(cli.queueFullFramesProcessing(JOB, { command: ["/nowhere/x"] }), /can't be started/);
});
