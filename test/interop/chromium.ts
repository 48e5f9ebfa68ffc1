// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/** A headless browser, and one page in it. */
export interface Browser {
  /** Opens a file in a fresh page of so many pixels, in a colour scheme. */
  open(file: string, options: { width: number; height?: number; scheme: Scheme }): Promise<void>;
  /** The value of an expression in the page, which is awaited. @throws what it throws there */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Presses a key, as a keyboard does. */
  press(key: string): Promise<void>;
  /** A picture of the page or of a part of it, as PNG in base64. */
  screenshot(clip?: { x: number; y: number; width: number; height: number }): Promise<string>;
  /** What went wrong or out since the last page was opened: messages of the console, requests, dialogs, violations of the policy. */
  readonly incidents: readonly string[];
  close(): Promise<void>;
}

export type Scheme = "light" | "dark";

type Message = {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: Record<string, never>;
  readonly result?: Record<string, never>;
  readonly error?: { readonly message: string };
};

/** Starts Debian's Chromium and speaks the DevTools protocol with it over a pipe. */
export async function startChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "oci-kit-chromium-"));
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
  ];
  const child = spawn(
    "chromium",
    [...flags, `--user-data-dir=${profile}`, "--remote-debugging-pipe"],
    {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    },
  );
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const pipe = speak(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const incidents: string[] = [];
  let session = "";
  const send = (method: string, params: object = {}): Promise<Record<string, never>> =>
    pipe.send(method, params, session);
  pipe.onEvent(({ method = "", params = {} }) => {
    const told = describeIncident(method, params);
    if (told !== undefined) incidents.push(told);
    if (method === "Page.javascriptDialogOpening") {
      void send("Page.handleJavaScriptDialog", { accept: false });
    }
  });
  const { targetId } = await pipe.send("Target.createTarget", { url: "about:blank" }, "");
  session = (await pipe.send("Target.attachToTarget", { targetId, flatten: true }, ""))[
    "sessionId"
  ] as unknown as string;
  for (const domain of ["Page", "Runtime", "Network", "Log"]) await send(`${domain}.enable`);
  return {
    incidents,
    async open(file, { width, height = 900, scheme }) {
      await send("Page.navigate", { url: "about:blank" });
      incidents.length = 0;
      const mobile = width < 600;
      await send("Emulation.setDeviceMetricsOverride", {
        width,
        height,
        mobile,
        deviceScaleFactor: 1,
      });
      const features = [{ name: "prefers-color-scheme", value: scheme }];
      await send("Emulation.setEmulatedMedia", { features });
      const loaded = pipe.once("Page.loadEventFired");
      await send("Page.navigate", { url: pathToFileURL(file).href });
      await loaded;
    },
    async evaluate<Value>(expression: string) {
      const found = await send("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      const { result, exceptionDetails } = found as unknown as {
        result: { value: Value };
        exceptionDetails?: { exception?: { description?: string }; text: string };
      };
      if (exceptionDetails !== undefined) {
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      }
      return result.value;
    },
    async press(key) {
      const code = { Enter: 13, Tab: 9, Escape: 27, Backspace: 8, " ": 32 }[key] ?? 0;
      const text = key === "Enter" ? "\r" : undefined;
      const what = { key, windowsVirtualKeyCode: code || ARROWS[key] || 0, text };
      await send("Input.dispatchKeyEvent", {
        type: text === undefined ? "rawKeyDown" : "keyDown",
        ...what,
      });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...what });
    },
    async screenshot(clip) {
      const part =
        clip === undefined ? {} : { clip: { ...clip, scale: 1 }, captureBeyondViewport: true };
      return (await send("Page.captureScreenshot", { format: "png", ...part }))[
        "data"
      ] as unknown as string;
    },
    async close() {
      await pipe.send("Browser.close", {}, "").catch(() => undefined);
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const ARROWS: Readonly<Record<string, number>> = {
  ArrowLeft: 37,
  ArrowUp: 38,
  ArrowRight: 39,
  ArrowDown: 40,
  Home: 36,
  End: 35,
};

/** What a page that needs nothing and does nothing wrong has none of. */
function describeIncident(method: string, params: Record<string, unknown>): string | undefined {
  switch (method) {
    case "Network.requestWillBeSent": {
      const { url } = params["request"] as { url: string };
      const isPageItself = params["type"] === "Document";
      return isPageItself ? undefined : `request: ${url}`;
    }
    case "Runtime.exceptionThrown":
    case "Runtime.consoleAPICalled":
    case "Log.entryAdded":
      return `${method}: ${JSON.stringify(params)}`;
    case "Page.javascriptDialogOpening":
      return `dialog: ${String(params["message"])}`;
    default:
      return undefined;
  }
}

interface Pipe {
  readonly send: (
    method: string,
    params: object,
    session: string,
  ) => Promise<Record<string, never>>;
  readonly onEvent: (listener: (message: Message) => void) => void;
  readonly once: (method: string) => Promise<void>;
}

/** Messages of the protocol are JSON, each ended by a zero byte. */
function speak(input: Writable, output: Readable): Pipe {
  const waiting = new Map<number, (message: Message) => void>();
  const listeners = new Set<(message: Message) => void>();
  let rest = "";
  let last = 0;
  output.setEncoding("utf8");
  output.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\0");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const message = JSON.parse(part) as Message;
      if (message.id === undefined) for (const listener of listeners) listener(message);
      else waiting.get(message.id)?.(message);
    }
  });
  return {
    send: (method, params, session) =>
      new Promise((resolve, reject) => {
        const id = (last += 1);
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(result ?? {});
          else reject(new Error(`${method}: ${error.message}`));
        });
        const sessionId = session === "" ? undefined : session;
        input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
      }),
    onEvent: (listener) => void listeners.add(listener),
    once: (method) =>
      new Promise((resolve) => {
        const listener = (message: Message): void => {
          if (message.method !== method) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
  };
}
