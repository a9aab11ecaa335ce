// What a lab proves: one xAPI statement, and the artefact it names by digest.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Letter } from "./device";
import { newId } from "./outbox";

// Deed is what happened in a lab.
export interface Deed {
  learner: string;
  lab: string;
  lang: string;
  title: string;
  seconds: number;
  right: number; // questions answered rightly at the first try
  questions: number;
  measures: Record<string, number>;
  competencies: Record<string, string[]>; // framework to codes
  artefact: unknown;
  home: string; // the node's origin, where the learner's account is
  at: Date;
  within: string; // the step of a lesson; "" outside of any
  revision: string; // the version of the course that the lesson is of; "" outside of any
}

// iri names a lab alike on every node.
export const iri = (lab: string) => `urn:tizi:lab:${lab}`;

// letter is a deed, ready for the outbox. crypto.subtle is not there on a plain http:// address, so the digest is computed.
export function letter(d: Deed): Letter {
  const artefact = JSON.stringify(d.artefact);
  const bytes = utf8ToBytes(artefact);
  const digest = bytesToHex(sha256(bytes));
  const id = newId(d.at.getTime());
  const grouping = Object.entries(d.competencies).flatMap(([framework, codes]) => codes.map((code) => ({ id: `urn:tizi:competency:${framework}:${code}` })));
  return {
    id,
    learner: d.learner,
    artefact,
    digest,
    statement: {
      id,
      actor: { objectType: "Agent", account: { homePage: d.home, name: d.learner } },
      verb: { id: "http://adlnet.gov/expapi/verbs/completed", display: { en: "completed", fr: "a terminé" } },
      object: { objectType: "Activity", id: iri(d.lab), definition: { type: "http://adlnet.gov/expapi/activities/simulation", name: { [d.lang]: d.title } } },
      result: {
        completion: true,
        duration: `PT${Math.round(d.seconds)}S`,
        score: { raw: d.right, min: 0, max: d.questions, scaled: d.questions ? d.right / d.questions : 0 },
        extensions: { [`${iri(d.lab)}:measures`]: d.measures },
      },
      context: { platform: "Tizi", ...(d.revision && { revision: d.revision }), language: d.lang, contextActivities: { grouping, ...(d.within && { parent: [{ id: d.within }] }) } },
      timestamp: d.at.toISOString(),
      attachments: [
        { usageType: "urn:tizi:artefact", display: { [d.lang]: d.title }, contentType: "application/json", length: bytes.length, sha2: digest },
      ],
    },
  };
}
