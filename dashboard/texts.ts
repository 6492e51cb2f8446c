/** Every word of the dashboard, in one place. */
import type { AlarmKind, RigState, Severity } from "../server/twin/twin.ts";
import type { Quality, TrustTier } from "../server/twin/reading.ts";
import type { PARTS, RecordKind, RecordStatus } from "../server/twin/record.ts";
import type { Connection } from "./state.ts";

const states: Readonly<Record<RigState, string>> = { new: "New", hashing: "Hashing", low: "Low", tuning: "Tuning", paused: "Paused", hung: "Hung", fault: "Fault", offline: "Offline" };
const stateMeans: Readonly<Record<RigState, string>> = {
  new: "announced, no reading yet", hashing: "at work", low: "hashes well below its nameplate", tuning: "its firmware is finding its settings",
  paused: "stopped on purpose", hung: "answers and does not hash", fault: "says that something is broken", offline: "nothing comes from it",
};
const stateCodes: Readonly<Record<RigState, string>> = { new: "NEW", hashing: "", low: "LOW", tuning: "TUN", paused: "PAU", hung: "HUN", fault: "FLT", offline: "OFF" };
const severities: Readonly<Record<Severity, string>> = { info: "Info", minor: "Minor", major: "Major", critical: "Critical" };
const alarmKinds: Readonly<Record<AlarmKind, string>> = { offline: "Offline", "low-hashrate": "Low hashrate", "too-hot": "Too hot" };
const kinds: Readonly<Record<RecordKind, string>> = {
  registration: "Registration", installation: "Installation", inspection: "Inspection", cleaning: "Cleaning", "part-replaced": "Part replaced",
  firmware: "Firmware", "repair-sent": "Sent for repair", "repair-returned": "Back from repair", retired: "Retired",
};
const statuses: Readonly<Record<RecordStatus, string>> = { sealed: "Sealed", sent: "Sent", final: "Final", refused: "Refused" };
const parts: Readonly<Record<(typeof PARTS)[number], string>> = { board: "Hash board", psu: "Power supply", fan: "Fan", "control-board": "Control board", other: "Other" };
const tiers: Readonly<Record<TrustTier, string>> = { "self-reported": "Self-reported", "gateway-signed": "Gateway-signed", "hardware-signed": "Hardware-signed" };
const tierMeans: Readonly<Record<TrustTier, string>> = {
  "self-reported": "The machine said so; nobody vouches for it.",
  "gateway-signed": "The farm's gateway signed what the machine said.",
  "hardware-signed": "Signed inside the machine.",
};
const qualities: Readonly<Record<Quality, string>> = {
  ok: "plausible", missing: "not told", sentinel: "the machine's word for “no value”", frozen: "has not moved for too long", implausible: "outside what is possible", late: "came after a newer one",
};
const connections: Readonly<Record<Connection, string>> = { connecting: "Connecting", live: "Live", stale: "Stale", offline: "Offline", locked: "Locked" };
const sources: Readonly<Record<string, string>> = { grid: "Grid", solar: "Solar", wind: "Wind", hydro: "Hydro", gas: "Gas", battery: "Battery" };

export const say = {
  product: "Rigtwin",
  states, stateMeans, stateCodes, severities, alarmKinds, kinds, statuses, parts, tiers, tierMeans, qualities, connections, sources,
  missing: "not known",
  never: "never",
  charging: (source: string) => `${source}, charging`,
  unplaced: "Place unknown",
  place: ({ container, rack, slot }: { readonly container: string; readonly rack: string; readonly slot: string }) => `${container} / ${rack} / ${slot}`,
  ago: (length: string) => `${length} ago`,
  old: "old",
  loading: "Loading",
  again: "Try again",
  kept: "Showing the last answer",
  troubleOf: (status: number) => (status === 0 ? "No answer from the server" : status === 404 ? "Not found" : "This could not be read"),
  skip: "Skip to the page",
  close: "Close",
  cancel: "Cancel",
  rangeLabel: "Time range",
  nav: { label: "Pages", overview: "Overview", map: "Floor map", rigs: "Rigs", alarms: "Alarms", energy: "Energy", status: "Status", replay: "Replay", api: "API reference", more: "More" },
  head: {
    search: "Search", searchKey: "Ctrl K", toLight: "Use the light scheme", toDark: "Use the dark scheme", lastData: "last data", home: "Rigtwin, overview",
    activeAlarms: (n: number) => `${n} active alarms`,
  },
  banner: {
    offline: "The server does not answer. What you see is what it said last.",
    stale: "Connected, but no data comes.",
    reconnecting: "Trying again by itself.",
    replay: (when: string) => `Replay — this is ${when}, not now.`,
    backToLive: "Back to live",
    liveOnly: "This part is not replayed: it shows how things stand now, not at the replay's time.",
    refused: "The server refused that:",
  },
  replay: {
    title: "Replay the past", lead: "The same journal, the same computation, another clock. Pick a window; the whole dashboard shows it.", from: "From", to: "To", speed: "Speed", start: "Start the replay",
    quick: "Or the last", play: "Play", pause: "Pause", scrub: "Position in the replay", live: "Live", change: "Change the window", bar: "Replay controls", zone: (zone: string) => `Times are in your zone (${zone}).`,
    invalid: "The end must lie after the beginning.", long: "At most 31 days.", at: (time: string, share: number) => `${time}, ${share} percent of the window`,
  },
  overview: {
    title: "Overview", hashrate: "Hashrate", ofNameplate: (share: string, plate: string) => `${share} of ${plate} nameplate`, reported: "reported by rigs", power: "Power",
    metered: "site meter", noMeter: "no meter speaks; sum of rigs", reportedIs: (value: string, gap: string) => `rigs report ${value} (meter ${gap})`, reportedOnly: "reported by rigs, not metered",
    efficiency: "Efficiency at the wall", efficiencyUnmetered: "Efficiency, as reported", ofPlate: "metered power ÷ hashrate", ofReported: "reported power ÷ hashrate", states: "Rigs by state", rigs: (n: string) => `${n} rigs`, today: "Energy today", todaySince: "since 00:00 UTC",
    alarms: "Active alarms", noAlarms: "None. All quiet.", ambient: "Ambient", hottest: "Hottest board", hottestChip: "hottest chip", ambientFoot: "meter and rigs", carbon: "Carbon intensity", carbonFoot: "weighted by the mix", price: "price",
    hashrateChart: "Hashrate", tempChart: "Board temperature", powerChart: "Power", mixChart: "Energy mix", recent: "Recent alarms", allAlarms: "All alarms", nothingYet: "No rig has been seen yet",
    nothingYetHow: "Rigs appear by themselves with their first MQTT message. What was refused stands under Status.", cost: "Cost", emissions: "Emissions", activeUnit: "active", fromAlarms: "alarm rules", fromFold: "from the journal", noCurrency: "currency unknown", surroundings: "Heat and carbon",
  },
  chart: {
    none: "No data in this range", table: "Table", chart: "Chart", time: "Time", resolution: (width: string) => `${width} means`, store: "series store", reset: "Back to now", hint: "Drag to zoom, Shift and drag to move",
    summary: (title: string, lines: string) => `${title}. ${lines}`, lineSummary: (label: string, last: string, low: string, high: string) => `${label}: last ${last}, lowest ${low}, highest ${high}.`, latest: "latest",
    earlier: "Earlier", later: "Later", zoomIn: "Zoom in", zoomOut: "Zoom out", move: "Move the time range",
  },
  lines: { hashrate: "Hashrate", nameplate: "Nameplate", boardMax: "Hottest", boardMean: "Mean", metered: "Metered", reported: "Reported by rigs", carbon: "Carbon intensity", price: "Price", board: "Board", chip: "Chip", intake: "Intake", power: "Power", fans: "Fans, mean", gap: "Metered minus reported" },
  palette: { placeholder: "Go to a page or a rig", nothing: "Nothing of that name" },
  nowhere: { title: "There is no such page", home: "To the overview" },
  login: { title: "Rigtwin", lead: "From another machine the password is needed which the server printed when it started.", password: "Password", enter: "Log in", show: "Show or hide the password" },
  columns: {
    rig: "Rig", state: "State", alarm: "Alarm", model: "Model", place: "Place", hashrate: "Hashrate", share: "Nameplate", boardC: "Board", chipC: "Chip", intakeC: "Intake", power: "Power",
    efficiency: "Efficiency", fan: "Fans", seen: "Age", seenUtc: "Last reading (UTC)", serial: "Serial", ip: "IP", mac: "MAC", firmware: "Firmware", source: "Source", token: "Token",
  },
  map: {
    title: "Floor map", lead: (rigs: number, containers: number) => `${rigs} rigs in ${containers} ${containers === 1 ? "place" : "places"}`, find: "Find a rig", found: (n: number) => (n === 1 ? "1 found" : `${n} found`),
    zoom: "Zoom", zoomIn: "Larger", zoomOut: "Smaller", by: "Colour by", canvas: "Map of the rigs as they stand", role: "map", noValue: "no value", alarmCorner: "alarm",
    modes: { state: "State", hashratePct: "Hashrate", boardC: "Board", chipC: "Chip", intakeC: "Intake", powerW: "Power", efficiencyJTh: "Efficiency", age: "Age" },
    help: "Point at a rig to read it, click to open it. By keyboard: arrow keys walk, Enter opens, Home and End jump. The same rigs stand in the table under Rigs.",
    spoken: (rig: string, state: string, value: string, age: string) => `${rig}, ${state}${value === "" ? "" : `, ${value}`}, ${age}`,
    rampSpoken: (low: string, high: string, unit: string) => `The scale goes from ${low} to ${high} ${unit}; stronger contrast to the background wants more attention.`,
  },
  rigs: {
    title: "Rigs", table: "Rigs", lead: (shown: string, all: string) => (shown === all ? `${all} rigs` : `${shown} of ${all} rigs`), find: "Name, model, serial, IP, place", columns: "Columns", columnsReset: "As at first", csv: "CSV",
    byState: "Filter by state", clear: "Clear the filter", held: "Rows held while you are here", moving: "Order renewed every 5 s", noneFound: "rigs match",
  },
  boards: {
    title: "Hash boards", none: "No boards told", noneMore: "This machine's dialect does not list its boards.", slot: "Slot", board: (n: number) => `Board ${n}`, expected: "Of expected", chips: "Chips", frequency: "Frequency", voltage: "Voltage", errors: "HW errors", serial: "Serial",
  },
  chips: {
    temp: "temperature", hashrate: "hashrate", frequency: "frequency", errors: "errors", mean: "mean", chip: (n: number) => `Chip ${n}`, even: "No chip stands out (3 σ).", silent: (n: number) => `${n} do not answer`,
    summary: (n: number, odd: number) => `${n} chips where they sit on the board; ${odd} stand out.`,
  },
  fans: { title: "Fans and errors", none: "No fans told.", fan: (n: number) => `Fan ${n}`, still: "stands still", errors: "The machine's own errors", noErrors: "None reported." },
  pools: { title: "Pools", none: "No pools told", pool: "Pool", worker: "Worker", accepted: "Accepted", rejected: "Rejected", stale: "Stale", dead: "dead", active: "active", spare: "spare" },
  passport: {
    title: "Parts and provenance", machine: "Machine", controlBoard: "Control board", psu: "Power supply", mac: "MAC", nameplate: "Nameplate", noNameplate: "The model is not in the catalogue and its birth message states none.",
    plate: (ths: string, w: string, boards: number, chips: number, fans: number) => `${ths}, ${w}\u202fW, ${boards} × ${chips} chips, ${fans} fans`, received: "Received",
    counts: (readings: string, duplicates: string, late: string, missed: string) => `${readings} readings; ${duplicates} came twice, ${late} late, ${missed} never.`,
    skew: (s: string) => `device clock off by ${s}`, uptime: (length: string) => `up ${length}`, psuC: (c: string) => `PSU ${c}`,
  },
  rig: {
    since: (length: string) => `for ${length}`, lastReading: "last reading", machinePage: "The machine's own page", firmware: "firmware", serial: "serial", token: "token", of: "of", noNameplate: "nameplate unknown", ownEstimate: "as the machine says",
    asReported: "as reported", hottest: "hottest sensor", air: "air intake", mean: "mean of fans", charts: "History", temperatures: "Temperatures", fans: "Fans", alarms: "Alarms of this rig", noAlarms: "No alarm so far",
    unknown: (rig: string) => `No rig named “${rig}”`, unknownMore: "It appears with its first message.", notYet: "At the replay's time it had not been seen.", allRigs: "All rigs", replayTitle: "Boards, fans, pools and parts",
  },
  records: {
    title: "Maintenance", note: "sealed by hash, each naming the one before", add: "Add a record", none: "Nothing recorded yet", noneMore: "The first record registers the machine.", number: (n: number) => `No. ${n}`, tx: "tx", block: (n: number) => `block ${n}`,
    way: (status: string) => `Record is ${status.toLowerCase()}`,
  },
  recordForm: {
    title: "New maintenance record", lead: "It is sealed when you send it: it can be added to, never changed.", kind: "What was done", performed: "When", technician: "Technician", pseudonym: "A badge or key id, never a person's name.", summary: "Summary",
    part: (n: number) => `Part ${n}`, partKind: "Part", place: "Place", oldSerial: "Old serial", newSerial: "New serial", addPart: "Add a part", removePart: (n: number) => `Remove part ${n}`, seal: "Seal the record", noTime: "A time is needed.", future: "That lies in the future.",
    noTechnician: "Who did it? A pseudonym.", noSummary: "Say what was done.", tooLong: (n: number) => `At most ${n} characters.`,
  },
  token: {
    title: "Token and proof", chainNote: (id: number, block: number) => `chain ${id}, block ${block}`, token: "Token", none: "none yet", contract: "Contract", chain: "Chain", local: "run by this farm", away: "away", tx: "Registered in",
    rpc: "Check through this node (JSON-RPC address)", verify: "Verify", ownLocal: "This is the farm's own chain, asked through the farm's own server: it shows how a check works and proves nothing to outsiders.",
    ownNode: "This asks the farm's server. For a check that trusts nobody here, enter a node of your own choice.", yourNode: "The answers come from the node you named; this page only computes.", good: "holds", bad: "does not hold", waiting: "waiting",
    holds: (n: number) => `All ${n} records hold.`, fails: "Something does not hold.", recorded: (block: number) => `hash, link and chain agree (block ${block})`, notYet: "hash and link hold; not on the chain yet", unasked: "hash and link hold; the chain was not asked",
    askedAt: "Asked", cannotAsk: "The node could not be asked.", provesTitle: "What this proves", notTitle: "What it does not prove",
    proves: ["These records are word for word what was sealed.", "None was taken out, put in between or reordered.", "Each stood on that chain no later than its block."],
    not: ["That what was written down is true.", "That all work on the machine was written down.", "That the machine behind the token is the one in the rack."],
  },
  alarms: {
    title: "Alarms", lead: (n: string) => `${n} shown`, find: "Rig or words", show: "Show", states: { active: "Active", cleared: "Cleared", all: "All" }, bySeverity: "Filter by severity", cleared: "cleared", open: "not acknowledged", acknowledge: "Acknowledge",
    acknowledgeOf: (rig: string, kind: string) => `Acknowledge ${kind} of ${rig}`, by: "Acknowledge as", acknowledgedBy: (who: string) => `seen by ${who}`, lasts: (length: string) => `for ${length}`, lasted: (length: string) => `lasted ${length}`,
    quiet: "All quiet", quietMore: "No alarm is active. New ones appear here by themselves.", noneFound: "No alarm fits", noneFoundMore: "Widen the filter to see others.", more: (n: number) => `${n} older ones are not shown.`,
  },
  energy: {
    title: "Energy", now: "Power now", used: "Energy", inRange: "metered, in this range", cost: "Cost", priceNow: (price: string, currency: string) => `now ${price} ${currency}/kWh`, emissions: "Emissions", carbonNow: (g: string) => `now ${g} gCO2e/kWh`, gap: "Metered over reported", gapMeans: "fans, cooling, losses, optimism", ambient: "Ambient",
    noMeter: "No meter speaks", noMeterHow: "Publish the site's meter on the energy topic; until then power is the sum of what rigs report.", noCurrency: "currency unknown", mix: "Energy mix", carbonChart: "Carbon intensity", priceChart: "Price", gapChart: "Metered against reported",
    bySource: "By source", bySourceNote: "means × time, in this range", source: "Source", nowShort: "Newest", share: "Share", honest: "A charging battery counts negative. Own sources count no direct emissions except gas.",
  },
  status: {
    title: "Status", lead: (version: string, up: string, viewers: number) => `version ${version}, up ${up}, ${viewers} ${viewers === 1 ? "viewer" : "viewers"}`, asked: "asked", ports: "Ports", portsNote: "whom this server talks to", port: "Port", state: "State", kind: "Is", detail: "Says",
    health: { ok: "OK", degraded: "Degraded", away: "Away", failing: "Failing" }, ingest: "Ingest", ingestNote: "since the journal began", rate: "Messages now", lastEntry: "Last message", storeLag: "Series behind by", behindFold: "Entries not yet folded", behindStore: "Entries not yet in the series",
    accepted: "Accepted", refused: "Refused", duplicates: "Came twice", late: "Came late", journal: "Journal on disk", feed: "This browser's live feed", inbox: "Refusals inbox", inboxNote: "messages that were not accepted, kept with the reason", byCode: "Filter by code", time: "Received", code: "Code", topic: "Topic", reason: "Reason", sample: "Sample",
    noRefusals: "Nothing was refused", noRefusalsMore: "Messages that cannot be read land here with the reason.",
  },
} as const;
