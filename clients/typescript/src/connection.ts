/** How to reach a Night Shift: its address, a token, and what it answers when it refuses. */

export interface Options {
  /** Where `nightshift serve` answers, without `/api/v1`. Else NIGHTSHIFT_API_URL, else this machine. */
  readonly baseUrl?: string;
  /** A bearer token (`nightshift token create`). Else NIGHTSHIFT_API_TOKEN. */
  readonly token?: string;
  /** Ends every request, and every wait between them. */
  readonly signal?: AbortSignal;
  /** Another `fetch`, for tests and proxies. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What the server says of a request that it refuses (RFC 9457), or that it could not be asked. */
export class NightShiftError extends Error {
  override readonly name = "NightShiftError";

  constructor(
    message: string,
    /** The HTTP status; undefined where nothing answered, or a command said it. */
    readonly status?: number,
    /** After how many seconds it makes sense to ask again, where the server says so. */
    readonly retryAfterSeconds?: number,
  ) {
    super(message);
  }
}

const TRIES = 5;
const PORT = 4280;

export class Connection {
  readonly baseUrl: string;
  readonly signal: AbortSignal | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly #token: string | undefined;

  constructor(options: Options = {}) {
    const known = environment();
    const address = options.baseUrl ?? known["NIGHTSHIFT_API_URL"] ?? `http://127.0.0.1:${PORT}`;
    this.baseUrl = address.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
    this.#token = options.token ?? known["NIGHTSHIFT_API_TOKEN"];
    this.signal = options.signal;
    this.fetch = options.fetch ?? globalThis.fetch;
  }

  /** What every request says of who asks. */
  get headers(): Record<string, string> {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** A path below `/api/v1`, or an address that the server itself named, as one to ask. */
  address(path: string): string {
    if (!path.startsWith("/uploads") && !path.startsWith("/jobs")) {
      const named = new URL(path, this.baseUrl);
      if (named.origin !== new URL(this.baseUrl).origin) {
        throw new NightShiftError(`${named.origin} is not the server: the token is not sent there.`);
      }
      return named.href;
    }
    return `${this.baseUrl}/api/v1${path}`;
  }

  /** One request; what is refused is thrown. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { Accept: "application/json", ...this.headers, ...init.headers };
    const signal = init.signal ?? this.signal ?? null;
    let response: Response;
    try {
      response = await this.fetch(this.address(path), { ...init, headers, signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof NightShiftError) throw error;
      throw new NightShiftError(`${this.baseUrl} does not answer: ${reason(error)}`);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** A request whose repetition does no harm, tried again where it may pass; its answer as JSON. */
  async json<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
    return await this.patiently(async () => (await (await this.ask(path, init)).json()) as Answer);
  }

  /** The same for any work: what may pass is tried again, five times in all. */
  async patiently<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (attempt === TRIES || !mayPass(error)) throw error;
        await pause(delayOf(error, attempt), this.signal);
      }
    }
  }
}

/** True for what another try may mend: nothing answered, too many requests, a server in trouble. */
export function mayPass(error: unknown): error is NightShiftError {
  if (!(error instanceof NightShiftError)) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}

/** Milliseconds until the next try: what the server asks for, else doubling. */
export function delayOf(error: unknown, attempt: number): number {
  const asked = error instanceof NightShiftError ? error.retryAfterSeconds : undefined;
  return 1000 * Math.min(asked ?? 0.25 * 2 ** (attempt - 1), 60);
}

export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const ended = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", ended);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", ended, { once: true });
  });
}

async function refusal(response: Response): Promise<NightShiftError> {
  const text = await response.text().catch(() => "");
  let told = `${response.status} ${response.statusText}`.trim();
  try {
    const problem = JSON.parse(text) as { title?: unknown; detail?: unknown };
    if (typeof problem.detail === "string") told = problem.detail;
    else if (typeof problem.title === "string") told = problem.title;
  } catch {
    // a proxy's page: its status says enough
  }
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new NightShiftError(told, response.status, Number.isFinite(seconds) ? seconds : undefined);
}

/** Why `fetch` failed: its own words are "fetch failed", the cause has the rest. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || String(cause) : String(cause);
}

function environment(): Record<string, string | undefined> {
  return typeof process === "undefined" ? {} : process.env;
}
