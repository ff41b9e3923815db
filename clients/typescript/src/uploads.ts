/** A file into the inbox by tus 1.0.0: in pieces, and on from where it stopped after a cut. */

import { type Connection, delayOf, mayPass, NightShiftError, pause } from "./connection.js";

export interface UploadOptions {
  /** What the file is to be called; else its own name. */
  readonly name?: string;
  /** Where a former upload of this file stopped (its `url`): it goes on there. */
  readonly url?: string;
  /** The SHA-256 of the whole file in hex, if it is known: the server makes sure. */
  readonly sha256?: string;
  readonly chunkBytes?: number;
  /** Called with the upload's address as soon as there is one: keep it to go on another day. */
  readonly onBegun?: (url: string) => void;
  readonly onProgress?: (sent: number, total: number) => void;
}

export interface Uploaded {
  readonly url: string;
  /** Where it lies on the server. */
  readonly path: string | null;
  /** Its SHA-256: what the item in it is called. */
  readonly itemId: string | null;
}

/** What is uploaded: a path (Node), or a file of a browser. */
export type Uploadable = string | Blob;

interface Source {
  readonly name: string;
  readonly size: number;
  read(start: number, end: number): Promise<Blob>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 8 * 1024 * 1024;
const TRIES = 8; // in a row without a byte more
const TUS = { "Tus-Resumable": "1.0.0" };

export async function upload(
  server: Connection,
  file: Uploadable,
  options: UploadOptions = {},
): Promise<Uploaded> {
  const source = typeof file === "string" ? await ofPath(file) : ofBlob(file);
  try {
    const url = options.url ?? (await begin(server, source, options));
    options.onBegun?.(url);
    await send(server, url, source, options);
    return await landed(server, url);
  } finally {
    await source.close();
  }
}

async function begin(server: Connection, source: Source, options: UploadOptions): Promise<string> {
  const metadata = { filename: options.name ?? source.name, sha256: options.sha256 };
  const told = Object.entries(metadata)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name} ${base64(value)}`);
  const headers = { ...TUS, "Upload-Length": String(source.size), "Upload-Metadata": told.join(",") };
  const response = await server.patiently(
    async () => await server.ask("/uploads", { method: "POST", headers }),
  );
  const place = response.headers.get("Location");
  if (place === null) throw new NightShiftError("The server did not say where the upload is.");
  return server.address(place);
}

/** Send what is missing, from where the server says that it stopped. */
async function send(
  server: Connection,
  url: string,
  source: Source,
  options: UploadOptions,
): Promise<void> {
  let failures = 0;
  let offset = await offsetOf(server, url, source);
  while (offset < source.size) {
    options.onProgress?.(offset, source.size);
    try {
      offset = await sendChunk(server, url, source, offset, options.chunkBytes ?? CHUNK_BYTES);
      failures = 0;
    } catch (error) {
      // 409: the server has more, or less, than was thought; 423: it still writes the piece before.
      const asks = error instanceof NightShiftError && [409, 423].includes(error.status ?? 0);
      if ((!asks && !mayPass(error)) || ++failures === TRIES) throw error;
      await pause(delayOf(error, failures), server.signal);
      const before = offset;
      offset = await offsetOf(server, url, source);
      if (offset > before) failures = 0;
    }
  }
  options.onProgress?.(source.size, source.size);
}

async function sendChunk(
  server: Connection,
  url: string,
  source: Source,
  offset: number,
  chunkBytes: number,
): Promise<number> {
  const body = await source.read(offset, Math.min(offset + chunkBytes, source.size));
  const headers = {
    ...TUS,
    "Content-Type": "application/offset+octet-stream",
    "Upload-Offset": String(offset),
  };
  return numberOf(await server.ask(url, { method: "PATCH", headers, body }));
}

async function offsetOf(server: Connection, url: string, source: Source): Promise<number> {
  const response = await server.patiently(
    async () => await server.ask(url, { method: "HEAD", headers: TUS }),
  );
  const length = response.headers.get("Upload-Length");
  if (length !== null && Number(length) !== source.size) {
    throw new NightShiftError(
      `The upload is of another file: that has ${length} bytes, this one ${source.size}.`,
    );
  }
  return numberOf(response);
}

function numberOf(response: Response): number {
  const offset = Number(response.headers.get("Upload-Offset") ?? Number.NaN);
  if (!Number.isSafeInteger(offset)) {
    throw new NightShiftError("The server did not say how much of the upload came.");
  }
  return offset;
}

async function landed(server: Connection, url: string): Promise<Uploaded> {
  const state = await server.json<{ path?: string | null; item_id?: string | null }>(url);
  return { url, path: state.path ?? null, itemId: state.item_id ?? null };
}

function ofBlob(blob: Blob): Source {
  return {
    name: "name" in blob && typeof blob.name === "string" ? blob.name : "",
    size: blob.size,
    read: async (start, end) => await Promise.resolve(blob.slice(start, end)),
    close: async () => await Promise.resolve(),
  };
}

async function ofPath(path: string): Promise<Source> {
  const [files, paths] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  const handle = await files.open(path, "r");
  return {
    name: paths.basename(path),
    size: (await handle.stat()).size,
    read: async (start, end) => {
      const bytes = new Uint8Array(end - start);
      const { bytesRead } = await handle.read(bytes, 0, end - start, start);
      if (bytesRead < end - start) throw new Error(`${path} became shorter while it was sent.`);
      return new Blob([bytes]);
    },
    close: async () => await handle.close(),
  };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
