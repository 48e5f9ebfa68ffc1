// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { OciError } from "../../oci/errors.ts";
import { errorDocument, renderError } from "./render-error.ts";

it("an error says what failed, then what to try", () => {
  const error = new OciError("not-found", "no image", { hint: "save it first" });
  expect(renderError(error)).toBe("oci-kit: no image\n  try: save it first\n");
});

it("an error escapes control characters from an image or a registry", () => {
  const error = new OciError("registry-refused", "it said \u001b[2J\u202egnp\nsecond line");
  expect(renderError(error)).toBe("oci-kit: it said \\x1b[2J\\u202egnp\nsecond line\n");
});

it("an error as JSON has its code, message, hint and details", () => {
  const error = new OciError("not-found", "no image", { details: { tag: "x" } });
  expect(errorDocument(error)).toEqual({
    error: { code: "not-found", message: "no image", details: { tag: "x" } },
  });
  expect(errorDocument(new TypeError("a bug"))).toMatchObject({ error: { code: "unexpected" } });
});
