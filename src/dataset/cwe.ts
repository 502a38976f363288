/** @file How a CWE is written and called, and where its definition stands. The titles are MITRE's, a fact each. */

/** `CWE-79` of `CWE-79`, `cwe_79` or `79`; undefined for what names no weakness (`NVD-CWE-noinfo`). */
export function cweId(text: string): string | undefined {
  const number = /^\s*(?:cwe[-_ ]?)?0*([1-9]\d{0,4})\s*$/i.exec(text)?.[1];
  return number === undefined ? undefined : `CWE-${number}`;
}

/** The CWEs of a record, each once, in its order. */
export const cweIds = (cwe: readonly string[] | undefined): string[] => [
  ...new Set((cwe ?? []).flatMap((text) => cweId(text) ?? [])),
];

const numberOf = (id: string): string => id.slice('CWE-'.length);

/** The page of its definition. */
export const cweUrl = (id: string): string => `https://cwe.mitre.org/data/definitions/${numberOf(id)}.html`;

/** As code-hosting sites look for it: `external/cwe/cwe-079`. */
export const cweTag = (id: string): string => `external/cwe/cwe-${numberOf(id).padStart(3, '0')}`;

/** Undefined for a CWE that is not among the common ones below. */
export const cweTitle = (id: string): string | undefined => TITLES[numberOf(id)];

/** `CWE-79 (Improper Neutralization ...)`, or the number alone. */
export function cweLabel(id: string): string {
  const title = cweTitle(id);
  return title === undefined ? id : `${id} (${title})`;
}

const TITLES: Readonly<Record<string, string>> = {
  '20': 'Improper Input Validation',
  '22': "Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')",
  '59': "Improper Link Resolution Before File Access ('Link Following')",
  '74': "Improper Neutralization of Special Elements in Output Used by a Downstream Component ('Injection')",
  '77': "Improper Neutralization of Special Elements used in a Command ('Command Injection')",
  '78': "Improper Neutralization of Special Elements used in an OS Command ('OS Command Injection')",
  '79': "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')",
  '88': "Improper Neutralization of Argument Delimiters in a Command ('Argument Injection')",
  '89': "Improper Neutralization of Special Elements used in an SQL Command ('SQL Injection')",
  '91': 'XML Injection (aka Blind XPath Injection)',
  '94': "Improper Control of Generation of Code ('Code Injection')",
  '113': "Improper Neutralization of CRLF Sequences in HTTP Headers ('HTTP Request/Response Splitting')",
  '116': 'Improper Encoding or Escaping of Output',
  '119': 'Improper Restriction of Operations within the Bounds of a Memory Buffer',
  '120': "Buffer Copy without Checking Size of Input ('Classic Buffer Overflow')",
  '121': 'Stack-based Buffer Overflow',
  '122': 'Heap-based Buffer Overflow',
  '125': 'Out-of-bounds Read',
  '129': 'Improper Validation of Array Index',
  '131': 'Incorrect Calculation of Buffer Size',
  '134': 'Use of Externally-Controlled Format String',
  '189': 'Numeric Errors',
  '190': 'Integer Overflow or Wraparound',
  '191': 'Integer Underflow (Wrap or Wraparound)',
  '193': 'Off-by-one Error',
  '200': 'Exposure of Sensitive Information to an Unauthorized Actor',
  '203': 'Observable Discrepancy',
  '209': 'Generation of Error Message Containing Sensitive Information',
  '264': 'Permissions, Privileges, and Access Controls',
  '269': 'Improper Privilege Management',
  '276': 'Incorrect Default Permissions',
  '284': 'Improper Access Control',
  '287': 'Improper Authentication',
  '295': 'Improper Certificate Validation',
  '306': 'Missing Authentication for Critical Function',
  '310': 'Cryptographic Issues',
  '311': 'Missing Encryption of Sensitive Data',
  '319': 'Cleartext Transmission of Sensitive Information',
  '326': 'Inadequate Encryption Strength',
  '327': 'Use of a Broken or Risky Cryptographic Algorithm',
  '345': 'Insufficient Verification of Data Authenticity',
  '346': 'Origin Validation Error',
  '347': 'Improper Verification of Cryptographic Signature',
  '352': 'Cross-Site Request Forgery (CSRF)',
  '362': "Concurrent Execution using Shared Resource with Improper Synchronization ('Race Condition')",
  '369': 'Divide By Zero',
  '399': 'Resource Management Errors',
  '400': 'Uncontrolled Resource Consumption',
  '401': 'Missing Release of Memory after Effective Lifetime',
  '415': 'Double Free',
  '416': 'Use After Free',
  '434': 'Unrestricted Upload of File with Dangerous Type',
  '444': "Inconsistent Interpretation of HTTP Requests ('HTTP Request/Response Smuggling')",
  '459': 'Incomplete Cleanup',
  '476': 'NULL Pointer Dereference',
  '502': 'Deserialization of Untrusted Data',
  '522': 'Insufficiently Protected Credentials',
  '532': 'Insertion of Sensitive Information into Log File',
  '601': "URL Redirection to Untrusted Site ('Open Redirect')",
  '611': 'Improper Restriction of XML External Entity Reference',
  '613': 'Insufficient Session Expiration',
  '617': 'Reachable Assertion',
  '639': 'Authorization Bypass Through User-Controlled Key',
  '665': 'Improper Initialization',
  '667': 'Improper Locking',
  '668': 'Exposure of Resource to Wrong Sphere',
  '674': 'Uncontrolled Recursion',
  '681': 'Incorrect Conversion between Numeric Types',
  '703': 'Improper Check or Handling of Exceptional Conditions',
  '704': 'Incorrect Type Conversion or Cast',
  '732': 'Incorrect Permission Assignment for Critical Resource',
  '754': 'Improper Check for Unusual or Exceptional Conditions',
  '755': 'Improper Handling of Exceptional Conditions',
  '770': 'Allocation of Resources Without Limits or Throttling',
  '772': 'Missing Release of Resource after Effective Lifetime',
  '787': 'Out-of-bounds Write',
  '798': 'Use of Hard-coded Credentials',
  '824': 'Access of Uninitialized Pointer',
  '835': "Loop with Unreachable Exit Condition ('Infinite Loop')",
  '843': "Access of Resource Using Incompatible Type ('Type Confusion')",
  '862': 'Missing Authorization',
  '863': 'Incorrect Authorization',
  '908': 'Use of Uninitialized Resource',
  '909': 'Missing Initialization of Resource',
  '917':
    "Improper Neutralization of Special Elements used in an Expression Language Statement ('Expression Language Injection')",
  '918': 'Server-Side Request Forgery (SSRF)',
  '1284': 'Improper Validation of Specified Quantity in Input',
  '1321': "Improperly Controlled Modification of Object Prototype Attributes ('Prototype Pollution')",
  '1333': 'Inefficient Regular Expression Complexity',
};
