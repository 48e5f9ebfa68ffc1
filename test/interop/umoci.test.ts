// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { openLayout } from "../../src/store/layout/layout.ts";
import { makeImage } from "../fixtures/layers.ts";
import { factsByUmoci, readAllOf } from "./images.ts";
import { changes, linkDown, oddLayer, returns } from "./odd-layers.ts";
import { makeScratch } from "./scratch.ts";

const scratch = makeScratch();

describe("umoci unpacks what we write", () => {
  it.each(["none", "gzip", "zstd"] as const)("with all entry types, %s", async (compression) => {
    const layout = scratch.path(compression);
    const store = await openLayout(layout, { create: true });
    await makeImage([oddLayer()], { store, tag: "odd", compression });
    const { facts } = await readAllOf(`oci:${layout}:odd`);
    expect(facts["/usr/ping"]?.xattrs).toHaveProperty(["security.capability"]);
    expect(await factsByUmoci(`${layout}:odd`, scratch.path("bundle"))).toEqual(facts);
  });

  it("with whiteouts, replaced types and links to files of lower layers", async () => {
    const layout = scratch.path("layers");
    const store = await openLayout(layout, { create: true });
    await makeImage([oddLayer(), linkDown(), changes(), returns()], { store, tag: "odd" });
    const { facts } = await readAllOf(`oci:${layout}:odd`);
    expect(await factsByUmoci(`${layout}:odd`, scratch.path("bundle"))).toEqual(facts);
  });
});
