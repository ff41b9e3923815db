/** Server-sent events over `fetch`, which can say who asks: an EventSource can't. */

import { type Connection, NightShiftError } from "./connection.js";

export interface ServerEvent {
  /** What the next request says as Last-Event-ID. */
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** The events of a stream until it ends, or breaks. */
export async function* eventsOf(
  server: Connection,
  path: string,
  lastEventId?: string,
): AsyncGenerator<ServerEvent> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (lastEventId !== undefined) headers["Last-Event-ID"] = lastEventId;
  const response = await server.ask(path, { headers });
  if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    throw new NightShiftError("There is no stream of events.", 406);
  }
  try {
    yield* parsed(linesOf(response.body));
  } catch (error) {
    server.signal?.throwIfAborted();
    throw new NightShiftError(`The stream broke: ${String(error)}`);
  }
}

async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return;
  let rest = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as never as AsyncIterable<string>) {
    // A lone \r at the end may be half of \r\n: it waits for what follows.
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** The events in lines, as the standard has it: what is not ended by an empty line is dropped. */
async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let id: string | undefined;
  let event = "message";
  let data: string[] = [];
  for await (const line of lines) {
    if (line === "") {
      if (data.length > 0) yield { id, event, data: data.join("\n") };
      [event, data] = ["message", []];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
  }
}
