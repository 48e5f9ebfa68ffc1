// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseDigest } from "../../oci/digest.ts";
import type { CopyEvent } from "../../store/copy/transfer.ts";
import { displayWidth, fitWidth } from "../../report/text/display-width.ts";
import { openProgress, type ProgressKind } from "./progress.ts";
import { showCopy } from "./show-copy.ts";
import { createTransferMeter, formatDuration } from "./transfer-meter.ts";

/** Opens a progress on an output with a number of columns, with a clock that the test sets. */
function open(kind: ProgressKind, columns?: number) {
  const told = { text: "", at: 0 };
  const output = {
    isTTY: columns !== undefined,
    columns,
    write: (text: string) => void (told.text += text),
  };
  return { told, progress: openProgress(output, kind, () => told.at) };
}

const descriptor = {
  mediaType: "application/octet-stream",
  digest: parseDigest(`sha256:${"a".repeat(64)}`),
  size: 4_000_000,
};
const events: readonly CopyEvent[] = [
  { kind: "planned", pieces: 2, bytes: 8_000_000 },
  { kind: "started", descriptor },
  { kind: "progress", descriptor, bytes: 1_000_000 },
];

describe("progress", () => {
  it("on a terminal shows each blob being sent and the total, and wipes them in the end", () => {
    const { told, progress } = open("auto", 60);
    const show = showCopy(progress);
    for (const event of events) {
      show(event);
      told.at += 1000;
    }
    const last = told.text.slice(told.text.lastIndexOf("\u001b[J") + 3);
    expect(last.split("\n")).toEqual([
      "  sha256:aaaaaaaaaaaa  1.0 MB of 4.0 MB, 25 %",
      expect.stringMatching(/^1\.0 MB of 8\.0 MB/),
    ]);
    progress.clear();
    expect(told.text).toMatch(/\r\u001b\[1A\u001b\[J$/);
  });

  it("never exceeds the terminal's width, even with wide characters, and uses no colours", () => {
    const { told, progress } = open("auto", 12);
    progress.show("読み込み中 layer 1 of 9", {});
    const drawn = told.text.replaceAll(/\r|\u001b\[J/g, "");
    expect(displayWidth(drawn)).toBeLessThanOrEqual(11);
    expect(told.text).not.toMatch(/\u001b\[[\d;]*m/);
  });

  it("without a terminal prints a line now and then", () => {
    const { told, progress } = open("auto");
    progress.show("early", {});
    expect(told.text).toBe("");
    told.at = 10_000;
    progress.show("later\nforged", {});
    told.at = 12_000;
    progress.show("too soon", {});
    expect(told.text).toBe("oci-kit: later\\nforged\n");
  });

  it("as JSON prints each event of the library on a line, with errors as their messages", () => {
    const { told, progress } = open("json", 80);
    const show = showCopy(progress);
    events.forEach(show);
    progress.show("x", { kind: "cache-unusable", error: new Error("full") });
    const lines = told.text.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      ...events,
      { kind: "cache-unusable", error: "full" },
    ]);
  });

  it("prints nothing when it is turned off", () => {
    const { told, progress } = open("none", 80);
    progress.show("x", {});
    progress.clear();
    expect(told.text).toBe("");
  });
});

describe("the transfer meter", () => {
  it("shows the rate of the last seconds and the time left", () => {
    let at = 0;
    const meter = createTransferMeter(() => at);
    expect(meter(0, 10_000_000)).toBe("0 B of 10.0 MB");
    at = 2000;
    expect(meter(2_000_000, 10_000_000)).toBe("2.0 MB of 10.0 MB, 1.0 MB/s, 8 s left");
    at = 20_000;
    expect(meter(9_000_000, 10_000_000)).toMatch(/, 389 kB\/s, 3 s left$/);
    expect(meter(10_000_000, 10_000_000)).not.toContain("left");
  });

  it("starts a new rate when bytes are sent again", () => {
    let at = 0;
    const meter = createTransferMeter(() => at);
    meter(5_000_000);
    at = 1000;
    expect(meter(1_000_000)).toBe("1.0 MB");
  });

  it("formats durations for people", () => {
    expect([3.2, 65, 7500].map(formatDuration)).toEqual(["4 s", "1 min 5 s", "2 h 5 min"]);
  });
});

it("a text is cut by terminal columns, not by characters", () => {
  expect(fitWidth("abc", 3)).toBe("abc");
  expect(fitWidth("abcd", 3)).toBe("ab…");
  expect(fitWidth("日本語", 4)).toBe("日…");
  expect(displayWidth("e\u0301日")).toBe(3);
});
