// SPDX-License-Identifier: MIT
import type { Credentials } from "../registry-options.ts";

/** Formats the value of an `Authorization` header for basic authentication (RFC 7617, in UTF-8). */
export function formatBasic({
  username,
  password,
}: Pick<Credentials, "username" | "password">): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

/** The secrets in the value of an `Authorization` header, in every form in which a registry may repeat them. */
export function secretsOf(authorization: string | undefined): readonly string[] {
  const [, scheme = "", value = ""] = /^(\S+) (.+)$/.exec(authorization ?? "") ?? [];
  if (value === "") return [];
  if (scheme !== "Basic") return [value];
  const text = Buffer.from(value, "base64").toString("utf8");
  return [value, text.slice(text.indexOf(":") + 1)];
}
