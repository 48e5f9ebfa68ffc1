// SPDX-License-Identifier: MIT

/** The keys of annotations that oci-kit reads or writes; some are labels of a configuration too. */
export const AnnotationKey = {
  /** Of an entry of index.json: its tag (image-spec, annotations.md). */
  refName: "org.opencontainers.image.ref.name",
  /** Of a manifest: the digest of the image that it was made on (image-spec, annotations.md). */
  baseDigest: "org.opencontainers.image.base.digest",
  /** Of a manifest: a reference to that image (image-spec, annotations.md). */
  baseName: "org.opencontainers.image.base.name",
  /** Of a layer of an artifact: the name of the file that it is (image-spec, annotations.md). */
  title: "org.opencontainers.image.title",
  /** Of a layer of an artifact: `true` for the tar of a directory. oras writes it. */
  unpack: "io.deis.oras.content.unpack",
  /** Of such a layer: the digest of its uncompressed tar. oras writes it. */
  unpackedDigest: "io.deis.oras.content.digest",
  /** Of an entry of index.json: the full name that containerd, nerdctl, BuildKit and docker save write. */
  containerdName: "io.containerd.image.name",
  /** Of BuildKit's attestation in an index: the digest of the image that it is about. */
  attestedDigest: "vnd.docker.reference.digest",
  /** Of BuildKit's attestation in an index: that it is one. */
  attestationType: "vnd.docker.reference.type",
  /** Of an assembled manifest: the artifact image that it was made from. */
  parentDigest: "org.kataglyphis.parent-digest",
  /** Of an assembled manifest: what the stage of that artifact is called. */
  parentStage: "org.kataglyphis.parent-stage",
  /** Of a manifest or a configuration: the run of the family's build that made it. */
  runId: "org.kataglyphis.run-id",
  /** Of an entry of index.json: the reference, with its digest, that it was saved from. */
  savedFrom: "org.kataglyphis.saved-from",
  /** Of an assembled manifest: the key of all that it was made from. Every edit of the image drops it. */
  inputKey: "org.kataglyphis.assemble.key",
  /** Of an image that BuildKit made, as a label too: the digest of the record of all that it was made from. */
  stageInputs: "org.kataglyphis.chain.inputs",
  /** Of an assembled manifest: what was warned of when it was made, for runs that find nothing to do. */
  warnings: "org.kataglyphis.assemble.warnings",
  /** Of a layer's descriptor in such a manifest: the key of all that the layer was made from. */
  layerKey: "org.kataglyphis.assemble.layer",
  /** Of a layer's descriptor: how it was compressed, and that nobody edited it since. */
  compression: "org.kataglyphis.layer.compression",
  /** Of an assembled manifest, with an artifact's name put behind it: that artifact's digest. */
  input: "org.kataglyphis.assemble.input.",
  /** Of a layer's descriptor in a rechunked manifest: the group of files that the layer holds. */
  layerGroup: "org.kataglyphis.layering.group",
  /** Of a layer's descriptor in an assembled manifest: the layer of the recipe that was split into it and others. */
  splitLayer: "org.kataglyphis.assemble.split",
  /** Of a rechunked manifest, or one assembled with split layers: the digest of the image whose layers it kept. */
  previousImage: "org.kataglyphis.layering.previous",
  /** Of an assembled manifest, with an input's name (`base` for the base) put behind it: when that image was made. */
  inputCreated: "org.kataglyphis.assemble.created.",
  /** Of an index: the digests that its tag named before, the latest first, separated by commas. */
  previousIndexes: "org.kataglyphis.index.previous",
  /** Of an index: its further tags when it was published, separated by commas. */
  indexAliases: "org.kataglyphis.index.aliases",
  /** Of an index: the gates that were overridden when it was published, separated by commas. */
  forcedGates: "org.kataglyphis.index.forced",
} as const;
