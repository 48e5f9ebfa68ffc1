// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fromText } from "../../bytes/byte-string.ts";
import { makeReport } from "../../../test/fixtures/report.ts";
import { IMAGE_RULES } from "../rules/image-rules.ts";
import { escapeXml } from "./escape-xml.ts";
import { renderJunit } from "./render-junit.ts";

describe("JUnit", () => {
  it("has a test case for each check of each image: errors fail, notes are output", () => {
    const text = renderJunit(
      makeReport([
        {
          code: "user-missing",
          severity: "error",
          path: fromText("/etc/passwd"),
          message: "no <b>",
        },
        { code: "search-path-missing", severity: "note", path: undefined, message: "a note" },
      ]),
    );
    const checks = Object.keys(IMAGE_RULES).length;
    expect(text).toContain(`tests="${checks}" failures="1" errors="0"`);
    expect(text.match(/<testcase /g)).toHaveLength(checks);
    expect(text).toContain(
      '<failure type="user-missing" message="no &#60;b&#62;">no &#60;b&#62;</failure>',
    );
    expect(text).toContain("<system-out>a note</system-out>");
    expect(text).toContain("a.example/b:1 linux/arm64");
  });

  it("skips the checks of an image that could not be looked into", () => {
    const text = renderJunit(makeReport([], { checked: undefined }));
    expect(text.match(/<skipped /g)).toHaveLength(Object.keys(IMAGE_RULES).length);
  });

  it("looks at every link a few times, however many there are: an image chooses how many", () => {
    const most = 500;
    let looks = 0;
    const chains = Array.from({ length: most }, (_, at) => ({
      get path() {
        looks += 1;
        return fromText(`/${at}/cc`);
      },
      ...{
        hops: [],
        stop: undefined,
        target: fromText("/gone"),
        end: { kind: "nothing" } as const,
      },
      ...{ expected: undefined, ok: false },
    }));
    const findings = chains.map(({ path }) => ({
      ...({ code: "dangling", severity: "error", path, message: "leads nowhere" } as const),
    }));
    const links = { name: "a", architecture: "arm64", checked: most, ok: false, chains, findings };
    const [subject] = makeReport([]).subjects;
    const images = [{ ...subject!.images[0]!, report: undefined, links }];
    const subjects = [{ ...subject!, verified: undefined, images }];
    const text = renderJunit({ tool: { name: "oci-kit", version: "1" }, subjects });
    expect(text).toContain(`tests="${most}" failures="${most}"`);
    expect(looks).toBeLessThan(5 * most);
  });

  it("is well-formed whatever an image says: control characters, surrogates and markup are escaped", () => {
    const hostile = `</failure>]]>&\u0000\u0008\u001b[31m\ud800\uffff"'\t\r\n`;
    const written = escapeXml(hostile);
    expect(written).toBe(
      "&#60;/failure&#62;]]&#62;&#38;\\x00\\x08\\x1b[31m\\ud800\\uffff&#34;&#39;&#9;&#13;\n",
    );
    const text = renderJunit(
      makeReport([{ code: "user-missing", severity: "error", path: undefined, message: hostile }]),
    );
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
    expect(openElements(text)).toEqual([]);
  });
});

/** Reads tags in order; what is left open at the end, or an element closed by another's name, is not well-formed. */
function openElements(text: string): string[] {
  const open: string[] = [];
  for (const [, close, name = "", , empty] of text.matchAll(
    /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g,
  )) {
    if (empty === "/") continue;
    if (close !== "/") open.push(name);
    else if (open.pop() !== name) return [`closed by ${name}`];
  }
  return open;
}
