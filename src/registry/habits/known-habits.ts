// SPDX-License-Identifier: MIT
import { readHabitsFile } from "./habits-file.ts";
import { habitsOf, type HostHabits, type RegistryHabits } from "./registry-habits.ts";

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const MINUTE = 60_000;

/**
 * What is publicly known of large registries. Each fact names where it comes from. An entry that users give is
 * asked before these.
 */
export const KNOWN_HABITS: readonly HostHabits[] = Object.freeze([
  {
    name: "GitHub's container registry",
    hosts: ["ghcr.io", "containers.*.ghe.com"],
    // docs.github.com, "Working with the Container registry", Troubleshooting: 10 GB for each layer, and a timeout
    // of ten minutes for uploads.
    blobBytes: 10 * GIB,
    uploadTime: 10 * MINUTE,
    // github.com/ocx-sh/ocx issue 237: a PATCH of more than 4 MiB is answered with 416.
    chunks: { use: "never", length: 4 * MIB, most: 4 * MIB },
    // github.com/containers/skopeo issue 1880: DELETE is answered with 405.
    deletesTags: false,
  },
  {
    name: "Docker Hub",
    hosts: ["docker.io", "registry-1.docker.io"],
    // github.com/oras-project/oras issue 601: 400, manifest blob unknown.
    checksManifests: true,
    // github.com/genuinetools/reg issue 143: DELETE is answered with 405.
    deletesTags: false,
  },
  {
    name: "Quay",
    hosts: ["quay.io"],
    // docs.projectquay.io, "Quay configuration fields", MAXIMUM_LAYER_SIZE: 20G by default.
    blobBytes: 20 * GIB,
    // github.com/oras-project/oras-py pull request 137 and issue 43: uploads in chunks break, or go on at a wrong
    // offset.
    chunks: { use: "never" },
    // github.com/quay/quay, endpoints/v2/__init__.py, V2_PAGINATION_SIZE: 100 by default.
    pageSize: 100,
  },
  {
    name: "Azure's container registry",
    hosts: ["*.azurecr.io", "*.azurecr.cn", "*.azurecr.us"],
    // learn.microsoft.com, "Azure Container Registry SKU features and limits": 200 GiB for an image layer.
    blobBytes: 200 * GIB,
    // github.com/Azure/azure-sdk-for-net issue 36076: 400, MANIFEST_BLOB_UNKNOWN.
    checksManifests: true,
  },
  {
    name: "Amazon's public container registry",
    hosts: ["public.ecr.aws"],
    // docs.aws.amazon.com, "Amazon ECR Public service quotas": a layer has at most 10,000 MiB.
    blobBytes: 10_000 * MIB,
    // github.com/aws/containers-roadmap issue 2831: every chunk after the first is answered with 201 and thrown away.
    chunks: { use: "never" },
  },
  {
    name: "Amazon's container registry",
    hosts: ["*.dkr.ecr.*.amazonaws.com", "*.dkr.ecr.*.amazonaws.com.cn", "*.dkr-ecr.*.on.aws"],
    // docs.aws.amazon.com, "Amazon ECR service quotas": a layer has at most 52,000 MiB.
    blobBytes: 52_000 * MIB,
    // github.com/aws/containers-roadmap issue 2831, as above.
    chunks: { use: "never" },
    // docs.aws.amazon.com, "ListImages" of the ECR API: at most 1,000 results a page.
    pageSize: 1000,
  },
  {
    name: "Google's Artifact Registry",
    hosts: ["*.pkg.dev", "gcr.io", "*.gcr.io"],
    // cloud.google.com, "Artifact Registry: push and pull images": uploads in chunks are not supported.
    chunks: { use: "never" },
  },
  {
    name: "GitLab's container registry",
    hosts: ["registry.gitlab.com"],
    // gitlab.com/gitlab-org/container-registry, docs/spec/docker/v2/api.md, "Deleting a Tag".
    deletesTags: true,
    // gitlab.com/gitlab-org/container-registry, registry/storage/validation: unknown blob … on manifest.
    checksManifests: true,
  },
]);

/**
 * The `registry` image of Docker, and Debian's docker-registry (distribution 2.8), which runs at any host: to be
 * given with the hosts where it runs.
 */
export const DISTRIBUTION_2_8: Omit<HostHabits, "hosts"> = Object.freeze({
  name: "distribution 2.8",
  // github.com/distribution/distribution, docs/configuration.md, `catalog.maxentries`: 1,000 by default.
  pageSize: 1000,
  // docs/spec/api.md of release 2.8, "Deleting an Image": by digest only.
  deletesTags: false,
  // registry/storage/ocimanifesthandler.go of release 2.8, verifyManifest.
  checksManifests: true,
});

/** What a user knows of registries, or how to find that out. */
export type GivenHabits = readonly HostHabits[] | (() => readonly HostHabits[]);

/**
 * What is known of the registry at a host: what a user gives counts before {@link KNOWN_HABITS}.
 * @param registry host and optional port
 * @param given default: the user's file, see {@link readHabitsFile}
 * @throws OciError what a function given throws
 */
export function knownHabits(registry: string, given: GivenHabits = readHabitsFile): RegistryHabits {
  const own = typeof given === "function" ? given() : given;
  return habitsOf(registry, [...own, ...KNOWN_HABITS]);
}
