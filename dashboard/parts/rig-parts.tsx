/** What a rig is made of and how each of its parts does. */
import type { ReactNode } from "react";
import type { Twin } from "../../server/twin/twin.ts";
import { celsius, count, fixed, hashrate, lasting, MISSING, percent, rpm, together } from "../format.ts";
import { say } from "../texts.ts";
import { Chips } from "./chips.tsx";
import { Flag } from "./flag.tsx";
import { Empty, Panel } from "./panel.tsx";
import { ScrollX } from "./scroll-x.tsx";
import { SeverityMark, toned } from "./value.tsx";

interface PartProps {
  readonly twin: Twin;
  readonly note: ReactNode;
}
const text = say.boards;

export const Boards = ({ twin, note }: PartProps): ReactNode => {
  const { boards } = twin.latest;
  const mapped = boards.filter(({ chipMap }) => chipMap.length > 0);
  return (
    <Panel title={text.title} note={note} flush>
      {boards.length === 0 ? (
        <Empty title={text.none}>{text.noneMore}</Empty>
      ) : (
        <ScrollX label={text.title}>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">{text.slot}</th>
                <th scope="col" className="num">
                  {say.columns.hashrate} <span className="unit">TH/s</span>
                </th>
                <th scope="col" className="num">
                  {text.expected}
                </th>
                <th scope="col" className="num">
                  {say.columns.boardC} <span className="unit">{celsius(0).unit}</span>
                </th>
                <th scope="col" className="num">
                  {say.columns.chipC} <span className="unit">{celsius(0).unit}</span>
                </th>
                <th scope="col" className="num">
                  {text.chips}
                </th>
                <th scope="col" className="num">
                  {text.frequency} <span className="unit">MHz</span>
                </th>
                <th scope="col" className="num">
                  {text.voltage} <span className="unit">V</span>
                </th>
                <th scope="col" className="num">
                  {text.errors}
                </th>
                <th scope="col">{text.serial}</th>
              </tr>
            </thead>
            <tbody>
              {boards.map((board) => {
                const flag = (field: string): ReactNode => <Flag quality={twin.quality[`boards.${board.index}.${field}`]} />;
                const short = board.chips !== null && board.expectedChips !== null && board.chips < board.expectedChips;
                return (
                  <tr key={board.index}>
                    <th scope="row">{text.board(board.index + 1)}</th>
                    <td className="num">
                      {flag("hashrateThs")} {fixed(board.hashrateThs, 1)}
                    </td>
                    <td className="num">{percent(board.hashrateThs, board.expectedThs, 0)}</td>
                    <td className="num">
                      {flag("boardC")} {celsius(board.boardC).text}
                    </td>
                    <td className="num">
                      {flag("chipC")} {celsius(board.chipC).text}
                    </td>
                    <td className="num">
                      {short ? (
                        <span className="tag toned" style={toned("sev-critical")}>
                          {count(board.chips)} / {count(board.expectedChips)}
                        </span>
                      ) : (
                        <>
                          {count(board.chips)} / {count(board.expectedChips)}
                        </>
                      )}
                    </td>
                    <td className="num">{fixed(board.frequencyMhz, 0)}</td>
                    <td className="num">
                      {flag("voltageV")} {fixed(board.voltageV, 2)}
                    </td>
                    <td className="num">{count(board.hwErrors)}</td>
                    <td className="mono">{board.serial ?? MISSING}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </ScrollX>
      )}
      {mapped.length === 0 ? null : (
        <div className="chip-row">
          {mapped.map((board) => (
            <Chips key={board.index} board={board} sisters={mapped.filter((each) => each !== board)} />
          ))}
        </div>
      )}
    </Panel>
  );
};

export const FansAndErrors = ({ twin, note }: PartProps): ReactNode => {
  const { fans, errors } = twin.latest;
  return (
    <Panel title={say.fans.title} note={note}>
      {fans.length === 0 ? (
        <p className="quiet">{say.fans.none}</p>
      ) : (
        <ul className="fans">
          {fans.map((fan) => (
            <li key={fan.index} className={fan.rpm === 0 ? "bad" : ""}>
              <span className="quiet">{say.fans.fan(fan.index + 1)}</span> <b>{together(rpm(fan.rpm))}</b>{" "}
              {fan.rpm === 0 ? say.fans.still : ""} <Flag quality={twin.quality[`fans.${fan.index}.rpm`]} />
            </li>
          ))}
        </ul>
      )}
      <h3 className="sub">{say.fans.errors}</h3>
      {errors.length === 0 ? (
        <p className="quiet">{say.fans.noErrors}</p>
      ) : (
        <ul className="errors">
          {errors.map((error, k) => (
            <li key={k}>
              <SeverityMark severity={error.severity} /> <span className="mono">{error.code}</span>{" "}
              <span className="quiet">
                {error.component}
                {error.index === null ? "" : ` ${error.index + 1}`}: “{error.raw}”
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
};

export const Pools = ({ twin, note }: PartProps): ReactNode => (
  <Panel title={say.pools.title} note={note} flush>
    {twin.latest.pools.length === 0 ? (
      <Empty title={say.pools.none} />
    ) : (
      <ScrollX label={say.pools.title}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{say.pools.pool}</th>
              <th scope="col">{say.pools.worker}</th>
              <th scope="col" className="num">
                {say.pools.accepted}
              </th>
              <th scope="col" className="num">
                {say.pools.rejected}
              </th>
              <th scope="col" className="num">
                {say.pools.stale}
              </th>
            </tr>
          </thead>
          <tbody>
            {twin.latest.pools.map((pool) => (
              <tr key={pool.index}>
                <td>
                  <span
                    className="mark"
                    style={toned(pool.alive === false ? "state-fault" : pool.active ? "state-hashing" : "state-paused")}
                  >
                    <i className={pool.active ? "dot round" : "dot round hollow"} aria-hidden />{" "}
                    <span className="mono">{pool.url.replace(/^stratum\+/, "")}</span>
                  </span>{" "}
                  <span className="faint">{pool.alive === false ? say.pools.dead : pool.active ? say.pools.active : say.pools.spare}</span>
                </td>
                <td className="mono">{pool.worker ?? MISSING}</td>
                <td className="num">{count(pool.accepted)}</td>
                <td className="num">
                  {count(pool.rejected)}{" "}
                  <span className="faint">{percent(pool.rejected, (pool.accepted ?? 0) + (pool.rejected ?? 0), 2)}</span>
                </td>
                <td className="num">{count(pool.stale)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    )}
  </Panel>
);

export const Passport = ({ twin, note }: PartProps): ReactNode => {
  const { identity, nameplate, counts, latest } = twin;
  const lines: readonly (readonly [string, ReactNode])[] = [
    [say.passport.machine, identity.serial],
    [say.passport.controlBoard, identity.controlBoardSerial],
    [say.passport.psu, identity.psuSerial],
    ...identity.boardSerials.map((serial, k) => [text.board(k + 1), serial] as const),
    [say.passport.mac, identity.mac],
  ];
  return (
    <Panel title={say.passport.title} note={note}>
      <dl className="pairs">
        {lines.map(([name, value]) => (
          <div key={name} className="pair">
            <dt>{name}</dt>
            <dd className="mono">{value ?? MISSING}</dd>
          </div>
        ))}
      </dl>
      <h3 className="sub">{say.passport.nameplate}</h3>
      <p>
        {nameplate === null
          ? say.passport.noNameplate
          : say.passport.plate(
              together(hashrate(nameplate.hashrateThs)),
              count(nameplate.powerW),
              nameplate.boards,
              nameplate.chips,
              nameplate.fans,
            )}
      </p>
      <h3 className="sub">{say.passport.received}</h3>
      <p>{say.passport.counts(count(counts.readings), count(counts.duplicates), count(counts.late), count(counts.missed))}</p>
      <p className="quiet">
        {say.passport.skew(twin.skewMs === null ? MISSING : `${fixed(twin.skewMs / 1_000, 1)}\u202fs`)} ·{" "}
        {say.passport.uptime(latest.uptimeS === null ? MISSING : lasting(latest.uptimeS * 1_000))} ·{" "}
        {say.passport.psuC(together(celsius(latest.psuC)))} <Flag quality={twin.quality["psuC"]} />
      </p>
    </Panel>
  );
};
