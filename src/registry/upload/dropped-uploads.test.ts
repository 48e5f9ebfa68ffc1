// SPDX-License-Identifier: MIT
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { QUICK } from "../../../test/fixtures/faulty-repository.ts";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { HostHabits } from "../habits/registry-habits.ts";
import { openRepository } from "../repository.ts";

const KB = 1000;

interface Play {
  /** What all requests together may send until the registry ends one that began before that, and forgets it. */
  readonly deadline: number;
  /** Milliseconds until an upload that is whole is answered. */
  readonly finish?: number;
}

/** A registry at the end of a narrow line: its clock is the bytes that came over it. */
class NarrowRegistry {
  readonly blobs = new Map<string, Buffer>();
  drops = 0;
  #received = 0;
  #uploads = new Map<string, Buffer>();
  #play: Play;
  #server: Server;

  constructor(play: Play) {
    this.#play = play;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "", query = ""] = (request.url ?? "").split("?");
    const say = (status: number, headers = {}): void =>
      void response.writeHead(status, headers).end();
    if (request.method === "POST") {
      const location = `/u/${this.#uploads.size}-${Math.random()}`;
      this.#uploads.set(location, Buffer.alloc(0));
      say(202, { location });
      return;
    }
    const begun = this.#uploads.get(path);
    if (begun === undefined) {
      say(404);
      return;
    }
    if (request.method === "GET") {
      say(204, { location: path, range: `0-${begun.length - 1}` });
      return;
    }
    if (request.method === "DELETE") {
      say(204);
      return;
    }
    const whole = await this.#receive(request, begun);
    if (whole === undefined) {
      this.#uploads.delete(path);
      return;
    }
    this.#uploads.set(path, whole);
    if (request.method === "PATCH") {
      say(202, { location: path, range: `0-${whole.length - 1}` });
      return;
    }
    await sleep(this.#play.finish ?? 0);
    this.blobs.set(decodeURIComponent(query.replace("digest=", "")), whole);
    say(201);
  }

  /** The bytes so far and those of a request; undefined when that took too long. */
  async #receive(request: IncomingMessage, begun: Buffer): Promise<Buffer | undefined> {
    const since = this.#received;
    const parts = [begun];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      this.#received += chunk.length;
      parts.push(chunk);
      if (this.#received - since > this.#play.deadline) {
        this.drops += 1;
        request.socket.destroy();
        return undefined;
      }
      // The others send meanwhile.
      await sleep(1);
    }
    return Buffer.concat(parts);
  }
}

let registry: NarrowRegistry;
afterEach(() => registry.close());

async function push(
  play: Play,
  contents: readonly Uint8Array[],
  habits: Omit<HostHabits, "hosts"> = {},
  limits = {},
): Promise<readonly Descriptor[]> {
  registry = new NarrowRegistry(play);
  const store = openRepository(
    { registry: await registry.start(), repository: "a/b" },
    {
      credentials: () => Promise.resolve(undefined),
      retry: QUICK,
      journalDirectory: false,
      habits: [{ hosts: ["127.0.0.1"], ...habits }],
      limits,
    },
  );
  const blobs = contents.map((content) => describeBytes(MediaType.octetStream, content));
  await Promise.all(blobs.map((blob, at) => store.push(blob, sourceOf(contents[at]!))));
  return blobs;
}

describe("a push to a registry that ends uploads after a time and forgets them", () => {
  const contents = [1, 2, 3, 4].map((seed) => noise(400 * KB + seed));

  it("completes, because uploads that break beside others go one at a time", async () => {
    const blobs = await push({ deadline: 600 * KB }, contents);
    expect([...registry.blobs.keys()].sort()).toEqual(blobs.map(({ digest }) => digest).sort());
    expect(registry.drops).toBeGreaterThan(1);
  });

  it("completes without one that breaks where the time is known and too short for several", async () => {
    await push({ deadline: 600 * KB }, contents, { uploadTime: 1 });
    expect(registry.blobs.size).toBe(4);
    expect(registry.drops).toBe(0);
  });

  it("completes in chunks where one upload alone takes too long", async () => {
    const [blob] = await push({ deadline: 600 * KB }, [noise(1500 * KB)], {
      chunks: { length: 300 * KB },
    });
    expect([...registry.blobs.keys()]).toEqual([blob!.digest]);
    expect(registry.drops).toBe(2);
  });
});

describe("a registry that takes longer than the idle timeout to store what it was sent", () => {
  const slow = { deadline: Infinity, finish: 2500 };
  const limits = { idleTimeout: 500 };

  it.each(["never", "always"] as const)("is waited for, with chunks %s", async (use) => {
    await push(slow, [noise(100 * KB)], { chunks: { use, length: 60 * KB } }, limits);
    expect(registry.blobs.size).toBe(1);
  });
});
