// SPDX-License-Identifier: MIT
import { request } from "undici";

/** The answer of a registry, read completely. */
export interface RegistryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  readonly text: string;
  /** The code of the first error in the body. */
  readonly code: string | undefined;
}

/**
 * Sends one request to a registry, without retries, redirects or checks of the answer. For tests of servers.
 */
export async function askRegistry(
  origin: string,
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RegistryAnswer> {
  const answer = await request(origin + path, { method, body: body ?? null, headers });
  const bytes = await answer.body.bytes();
  const text = new TextDecoder().decode(bytes);
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: bytes,
    text,
    code: /"code":"(\w+)"/.exec(text)?.[1],
  };
}
