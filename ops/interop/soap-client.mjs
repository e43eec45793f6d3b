// A SOAP client of another maker: the npm package "soap", from the hub's published WSDL.
//
//   node soap-client.mjs http://127.0.0.1:PORT/in/onestop/MotCuaBaoCao?wsdl < call.json
//
// call.json: {"operation": "BaoTienDo", "username": …, "password": …, "digest": bool, "values": {…}}.
// Prints one line of JSON: {"answer": {…}} or {"fault": {…}}. Exit 0 in both cases, 1 for a bug.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";

const packages = process.argv[3] ?? "."; // where the package was installed
const require = createRequire(pathToFileURL(resolve(packages, "package.json")));
const soap = require("soap");

const call = JSON.parse(await text(process.stdin));
const client = await soap.createClientAsync(process.argv[2]);
client.setSecurity(
  new soap.WSSecurity(call.username, call.password, {
    passwordType: call.digest ? "PasswordDigest" : "PasswordText",
    hasTimeStamp: true,
    mustUnderstand: true,
  }),
);
try {
  const [answer] = await client[`${call.operation}Async`](call.values);
  console.log(JSON.stringify({ answer }));
} catch (error) {
  const fault = error?.root?.Envelope?.Body?.Fault;
  if (fault === undefined) throw error;
  console.log(JSON.stringify({ fault }));
}
