// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { listeningAddress } from "./listening-address.ts";

const bare = {
  host: "0.0.0.0",
  hasTls: false,
  hasAccess: false,
  allowPlainHttp: false,
  allowAnonymous: false,
};

describe("a registry without certificate and users", () => {
  it.each(["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])(
    "may listen on %s",
    async (host) => {
      expect(await listeningAddress({ ...bare, host })).toMatch(/^127\.|^::1$/);
    },
  );

  it.each(["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1"])(
    "may not listen on %s",
    async (host) => {
      await expect(listeningAddress({ ...bare, host })).rejects.toMatchObject({
        code: "invalid-argument",
        message: expect.stringContaining("a certificate (TLS) and users") as string,
        hint: expect.stringMatching(/--tls-cert.*--htpasswd.*--allow-anonymous/) as string,
      });
    },
  );

  it.each([
    [{ hasTls: true }, "users"],
    [{ allowPlainHttp: true }, "users"],
    [{ hasAccess: true }, "a certificate (TLS)"],
    [{ allowAnonymous: true }, "a certificate (TLS)"],
  ])("may not listen elsewhere with %o alone: %s is missing", async (some, missing) => {
    await expect(listeningAddress({ ...bare, ...some })).rejects.toThrow(
      `expected ${missing} where`,
    );
  });

  it.each([
    { hasTls: true, hasAccess: true },
    { allowPlainHttp: true, allowAnonymous: true },
    { hasTls: true, allowAnonymous: true },
  ])("may listen elsewhere with %o", async (words) => {
    expect(await listeningAddress({ ...bare, ...words })).toBe("0.0.0.0");
  });
});
