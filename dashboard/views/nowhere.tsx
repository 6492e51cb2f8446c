import type { ReactNode } from "react";
import { Link } from "wouter";
import { Empty } from "../parts/panel.tsx";
import { say } from "../texts.ts";

const NowhereView = (): ReactNode => (
  <div className="page">
    <h1 className="unseen">{say.nowhere.title}</h1>
    <Empty title={say.nowhere.title}>
      <Link to="/">{say.nowhere.home}</Link>
    </Empty>
  </div>
);
export default NowhereView;
