// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { readDockerfile, type ReadDockerfileOptions } from "./read-dockerfile.ts";

function imagesOf(lines: readonly string[], options?: ReadDockerfileOptions): string[] {
  return readDockerfile(lines.join("\n"), options).images.map(
    ({ reference, line }) => `${line} ${reference}`,
  );
}

describe("the images that a Dockerfile takes from outside", () => {
  it("are those of FROM, COPY and mounts, and not its own stages", () => {
    const lines = [
      "# syntax=docker/dockerfile:1",
      "FROM --platform=$BUILDPLATFORM debian:12 AS Tools",
      "RUN --mount=type=bind,from=cache:1,target=/c \\",
      "  # a comment in between",
      "  make",
      "from scratch",
      "COPY --from=tools /a /a",
      "COPY --from=0 /b /b",
      "COPY --chown=1:1 --from=tool/box:2 /c /c",
    ];
    expect(imagesOf(lines)).toEqual(["9 tool/box:2", "2 debian:12", "3 cache:1"]);
    expect(readDockerfile(lines.join("\n")).syntax).toBe("docker/dockerfile:1");
  });

  it("are those of the stages that the target needs", () => {
    const lines = ["FROM a AS one", "FROM b AS two", "FROM one AS three", "COPY --from=c / /"];
    expect(imagesOf(lines)).toEqual(["4 c", "1 a"]);
    expect(imagesOf(lines, { target: "TWO" })).toEqual(["2 b"]);
    expect(imagesOf(lines, { target: "0" })).toEqual(["1 a"]);
    expect(() => imagesOf(lines, { target: "four" })).toThrow(/one, two, three/);
  });

  it("have their variables from arguments before the first FROM, and from the platform", () => {
    const lines = [
      "ARG BASE=debian TAG",
      'ARG FULL="${BASE}:${TAG:-12}"',
      "FROM ${FULL}-$TARGETARCH${NONE}",
      "ARG BASE=other",
      "FROM $BASE${TAG:+@x}",
    ];
    const platformArgs = { TARGETARCH: "riscv64" };
    expect(imagesOf(lines, { platformArgs })).toEqual(["5 debian"]);
    expect(imagesOf(lines, { platformArgs, target: "0" })).toEqual(["3 debian:12-riscv64"]);
    const buildArgs = { BASE: "ubuntu", TAG: "26.04" };
    expect(imagesOf(lines, { platformArgs, buildArgs, target: "0" })).toEqual([
      "3 ubuntu:26.04-riscv64",
    ]);
  });

  it("stay as written where a variable is known to the builder only", () => {
    expect(imagesOf(["FROM tools:$BUILDARCH"])).toEqual(["1 tools:$BUILDARCH"]);
    expect(imagesOf(["FROM ${X%y}"])).toEqual(["1 ${X%y}"]);
  });

  it("are not looked for in here-documents, comments and quoted text", () => {
    const lines = [
      "# escape=`",
      "FROM a",
      "RUN <<EOF cat >/x && <<-'END' cat >/y",
      "FROM no",
      "EOF",
      "COPY --from=no / /",
      "\tEND",
      'RUN echo "x <<EOF y" `',
      "  && true",
      "COPY --from=b / /",
    ];
    expect(imagesOf(lines)).toEqual(["2 a", "10 b"]);
    expect(() => imagesOf(["FROM a", "RUN <<EOF", "x"])).toThrow(/here-document/);
  });

  it("are none without a FROM, which is an error", () => {
    expect(() => imagesOf(["# nothing"])).toThrow(/expected a FROM/);
  });
});

it("ADD of what may change is told, with a checksum or a commit it is not", () => {
  const text = [
    "FROM scratch",
    "ADD https://example.org/a.tar /a",
    "ADD --checksum=sha256:00 https://example.org/b.tar /b",
    "ADD git@example.org:c.git#main /c",
    `ADD https://example.org/d.git#${"0a".repeat(20)} /d`,
    "ADD local.tar /e",
  ].join("\n");
  expect(readDockerfile(text).downloads).toEqual([
    { reference: "https://example.org/a.tar", line: 2 },
    { reference: "git@example.org:c.git#main", line: 4 },
  ]);
});

it("the arguments are those of the stages that are built, and the global ones", () => {
  const text = "ARG G=1\nFROM a AS one\nARG A B=2\nFROM b\nARG C";
  expect([...readDockerfile(text).args]).toEqual(["G", "C"]);
  expect([...readDockerfile(text, { target: "one" }).args]).toEqual(["G", "A", "B"]);
});
