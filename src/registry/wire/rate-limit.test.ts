// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { describeRateLimit } from "./rate-limit.ts";

it.each<[Readonly<Record<string, string>>, string | undefined]>([
  [
    { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600" },
    "0 of 100 requests in 6 h are left",
  ],
  [{ "x-ratelimit-limit": "60", "x-ratelimit-remaining": "3" }, "3 of 60 requests are left"],
  [{ "x-rate-limit-remaining": "0" }, "0 requests are left"],
  [{ "ratelimit-limit": "100;w=60" }, "100 requests in 60 s are allowed"],
  [{ "ratelimit-limit": "many" }, undefined],
  [{}, undefined],
])("what a registry says of its limit is told: %j", (headers, told) => {
  expect(describeRateLimit((name) => headers[name])).toBe(told);
});
