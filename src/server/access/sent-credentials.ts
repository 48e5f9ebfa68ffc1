// SPDX-License-Identifier: MIT

/** What the Authorization header of a request says. */
export type SentCredentials =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string }
  /** A scheme that is not understood, or credentials of another form. */
  | { readonly kind: "unknown" };

/** Parses an Authorization header (RFC 7617, RFC 6750). Never throws. */
export function parseCredentials(header: string | undefined): SentCredentials {
  if (header === undefined) return { kind: "none" };
  const [, scheme = "", value = ""] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", token: value };
  if (scheme.toLowerCase() !== "basic") return { kind: "unknown" };
  const text = Buffer.from(value, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon === -1) return { kind: "unknown" };
  const user = text.slice(0, colon);
  const password = text.slice(colon + 1);
  // Some clients send an empty name and password for "no credentials".
  return user === "" && password === "" ? { kind: "none" } : { kind: "password", user, password };
}
