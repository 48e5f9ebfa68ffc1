// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { formatServerEvent } from "./server-log.ts";

const at = new Date(0);
const failed = {
  kind: "request-failed",
  client: "10.0.0.1",
  method: "PUT",
  target: "/v2/a/manifests/1",
  status: 400,
  code: "MANIFEST_INVALID",
  reason: "expected a manifest",
} as const;

describe("a line of the server's log", () => {
  it("says when who asked for what, and why it failed", () => {
    expect(formatServerEvent(failed, "text", at)).toBe(
      "1970-01-01T00:00:00.000Z 10.0.0.1 PUT /v2/a/manifests/1 400 MANIFEST_INVALID: expected a manifest\n",
    );
    expect(formatServerEvent({ ...failed, status: undefined }, "text", at)).toContain(
      " - MANIFEST",
    );
    const refused = { kind: "connection-refused", client: "::1", reason: "too many" } as const;
    expect(formatServerEvent(refused, "text", at)).toBe(
      "1970-01-01T00:00:00.000Z ::1 connection refused: too many\n",
    );
  });

  it("is one JSON document with --log json", () => {
    const line = formatServerEvent(failed, "json", at);
    expect(JSON.parse(line)).toEqual({ time: "1970-01-01T00:00:00.000Z", ...failed });
    expect(line.indexOf("\n")).toBe(line.length - 1);
  });

  it("stays one line without control characters, whatever a client sent", () => {
    const hostile = "/v2/\u001b[2J\r\n1970 forged\u202e\u0085";
    for (const format of ["text", "json"] as const) {
      const line = formatServerEvent({ ...failed, target: hostile, reason: hostile }, format, at);
      expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
    }
    const long = formatServerEvent({ ...failed, target: "x".repeat(16_000) }, "text", at);
    expect(long.length).toBeLessThan(1_200);
  });
});
