/* The exception codes of the pseudo code, in words for a learner or an instructor. The standard's own words speak to engineers. */

const WORDS = {
  "NB.2.1-1": "The package is already running.",
  "NB.2.1-2": "The package has not been started yet.",
  "NB.2.1-3": "There is nothing to resume.",
  "NB.2.1-4": "This part of the package does not move on with Next. Choose a page from the contents.",
  "NB.2.1-5": "This part of the package does not go back.",
  "NB.2.1-6": "This is the beginning of the package.",
  "NB.2.1-7": "The package asked for a way of moving that SCORM does not support.",
  "NB.2.1-8": "This part has to be finished before another one can be chosen.",
  "NB.2.1-9": "There is no way from here to the page that was chosen.",
  "NB.2.1-10": "This page cannot be chosen from the contents. Use Next and Previous.",
  "NB.2.1-11": "The package has no page of this name.",
  "NB.2.1-12": "This page has already been left.",
  "NB.2.1-13": "The package asked for something that SCORM does not know.",
  "TB.2.3-1": "There is nothing to leave: the package has not been started.",
  "TB.2.3-2": "This page has already been left.",
  "TB.2.3-3": "There is nothing to suspend.",
  "TB.2.3-4": "The whole package cannot be left to something above it.",
  "TB.2.3-5": "There is nothing to suspend.",
  "TB.2.3-6": "There is nothing to abandon.",
  "TB.2.3-7": "The package asked for a way of leaving that SCORM does not know.",
  "SB.2.1-2": "This part of the package has no pages that can be shown.",
  "SB.2.1-3": "This is the beginning of the package.",
  "SB.2.1-4": "This part of the package does not go back.",
  "SB.2.2-1": "This part of the package does not move on by itself. Choose a page from the contents.",
  "SB.2.2-2": "The next page is not open: its rules or the number of attempts forbid it.",
  "SB.2.4-1": "A page before the chosen one has to be finished first.",
  "SB.2.4-2": "This part of the package does not go back.",
  "SB.2.4-3": "This is the beginning of the package.",
  "SB.2.5-1": "The package is already running.",
  "SB.2.5-2": "No page opens by itself. Choose one from the contents.",
  "SB.2.6-1": "The package is already running.",
  "SB.2.6-2": "There is nothing to resume.",
  "SB.2.7-1": "The package has not been started yet.",
  "SB.2.7-2": "This part of the package does not move on with Next. Choose a page from the contents.",
  "SB.2.8-1": "The package has not been started yet.",
  "SB.2.8-2": "This part of the package does not go back with Previous. Choose a page from the contents.",
  "SB.2.9-1": "No page was named.",
  "SB.2.9-2": "This page is not among those chosen for this attempt.",
  "SB.2.9-3": "This page cannot be chosen now.",
  "SB.2.9-4": "This page cannot be chosen from the contents. Use Next and Previous.",
  "SB.2.9-5": "There is no way from here to the page that was chosen.",
  "SB.2.9-6": "This part of the package opens only when it is reached with Next.",
  "SB.2.9-7": "This part has to be finished before another one can be chosen.",
  "SB.2.9-8": "Only the page before or after this part can be chosen from here.",
  "SB.2.9-9": "This part of the package has no page that can be shown.",
  "SB.2.10-1": "The package has not been started yet.",
  "SB.2.10-2": "This page cannot be tried again while it is open.",
  "SB.2.10-3": "There is no page to try again.",
  "SB.2.11-1": "There is nothing to leave: the package has not been started.",
  "SB.2.11-2": "This page is still open.",
  "SB.2.12-1": "The package asked for something that SCORM does not know.",
  "SB.2.13-1": "The package has not been started yet.",
  "DB.1.1-1": "This part of the package cannot be shown by itself.",
  "DB.1.1-2": "There is nothing to show.",
  "DB.1.1-3": "This page is not open: its rules or the number of attempts forbid it.",
  "DB.2-1": "The page before this one is still open.",
} as const;

export type ExceptionCode = keyof typeof WORDS;

export function wordsOf(code: ExceptionCode): string {
  return WORDS[code];
}

/** Every code that the engine can answer. */
export const CODES = Object.keys(WORDS) as ExceptionCode[];
