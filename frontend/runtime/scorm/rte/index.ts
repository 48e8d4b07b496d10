/* The run-times of SCORM 1.2 and 2004. AICC content that speaks the API instead of HACP uses that of 1.2. */
export { createApi12, createRuntime12 } from "./api12.ts";
export { createApi2004, createRuntime2004 } from "./api2004.ts";
export { resultsOf } from "./data12.ts";
