// Links from what one run shows to what was measured over many.

import { element } from "./draw.js";

const QUESTIONS = {
  "hash-identifies": "how often a hash gives the picture away",
  "planted-list": "what a planted entry finds",
  "rogue-provider": "what a provider gains that lies",
  "broken-enclave": "what opens when an enclave breaks",
};

/** Whether the report has a section on a system, or on a question. */
const section = (report, kind, name) => report.sections.find((id) => id.replace(/\d+-/, "") === `${kind}-${name}`);

const link = (id, ...words) => element("a", { href: `/report#${id}`, target: "_blank", rel: "noopener" }, words,
  element("span", { class: "heard" }, " (opens another tab)"));

/** A link to what was measured of a party in a system, if the report has that. */
export function ofParty(report, system, party) {
  const id = section(report, "system", system);
  return id && element("p", { class: "measured" }, link(id, "Measured over many runs",
    element("span", { class: "heard" }, `: what ${party} can learn`)));
}

/** Where it is measured what one run of a system cannot show, and how to measure it where it is not. */
export function ofRun(report, system, questions) {
  const source = report.example ? "the example report, on small numbers" : "the report";
  const id = section(report, "system", system);
  if (!id) {
    return element("p", { class: "evidence" }, `One run shows what happened once. ${report.example ? "The example report" : "The report"} does not have `,
      element("code", {}, system), "; ", element("code", {}, `sightline assess --architectures ${system} --out RUN`),
      " measures it, and ", element("code", {}, "sightline explore --run RUN"), " links to it.");
  }
  const found = questions.map((name) => [section(report, "question", name), QUESTIONS[name]]).filter(([id]) => id);
  return element("p", { class: "evidence" }, `One run shows what happened once. Measured over many runs, in ${source}: `,
    link(id, "what each party can learn"), found.map(([id, words]) => ["; ", link(id, words)]).flat(), ".");
}
