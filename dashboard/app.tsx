import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { lazy, Suspense, type ReactNode } from "react";
import { Route, Switch, useRoute } from "wouter";
import { Loading } from "./parts/panel.tsx";
import { Shell } from "./parts/shell.tsx";
import { SiteProvider, useConnection, type Site } from "./site.tsx";
import { theme, variables } from "./theme.ts";
import { OverviewView } from "./views/overview.tsx";

const LoginView = lazy(() => import("./views/login.tsx"));
const MapView = lazy(() => import("./views/map.tsx"));
const RigsView = lazy(() => import("./views/rigs.tsx"));
const RigView = lazy(() => import("./views/rig.tsx"));
const AlarmsView = lazy(() => import("./views/alarms.tsx"));
const WindowsView = lazy(() => import("./views/maintenance-windows.tsx"));
const RulesView = lazy(() => import("./views/alarm-rules.tsx"));
const NotificationsView = lazy(() => import("./views/notifications.tsx"));
const MaintenanceView = lazy(() => import("./views/maintenance.tsx"));
const OrderView = lazy(() => import("./views/order.tsx"));
const PlansView = lazy(() => import("./views/plans.tsx"));
const ReliabilityView = lazy(() => import("./views/reliability.tsx"));
const NewOrderView = lazy(() => import("./views/new-order.tsx"));
const EconomicsView = lazy(() => import("./views/economics.tsx"));
const EnergyView = lazy(() => import("./views/energy.tsx"));
const EnergySourcesView = lazy(() => import("./views/energy-sources.tsx"));
const CurtailmentView = lazy(() => import("./views/curtailment.tsx"));
const InboxView = lazy(() => import("./views/inbox.tsx"));
const MonthsView = lazy(() => import("./views/months.tsx"));
const ShiftView = lazy(() => import("./views/shift.tsx"));
const StatusView = lazy(() => import("./views/status.tsx"));
const TwinView = lazy(() => import("./views/twin.tsx"));
const AccessView = lazy(() => import("./views/access.tsx"));
const OutsideView = lazy(() => import("./views/outside.tsx"));
const NowhereView = lazy(() => import("./views/nowhere.tsx"));

const Waiting = (): ReactNode => (
  <div className="page">
    <Loading height={32} />
    <Loading height={420} />
  </div>
);

const Screen = (): ReactNode => {
  const [isTwin, twin] = useRoute("/twin/:token");
  const connection = useConnection();
  // Open to anyone, logged in or not, and without the operators' navigation.
  if (isTwin)
    return (
      <Suspense fallback={<Waiting />}>
        <TwinView key={twin.token} token={twin.token} />
      </Suspense>
    );
  if (connection === "locked" || connection === "outside")
    return <Suspense fallback={<Waiting />}>{connection === "locked" ? <LoginView /> : <OutsideView />}</Suspense>;
  return (
    <Shell>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/" component={OverviewView} />
          <Route path="/map" component={MapView} />
          <Route path="/rigs" component={RigsView} />
          <Route path="/rigs/:rig">{({ rig }) => <RigView key={rig} rig={rig} />}</Route>
          <Route path="/alarms" component={AlarmsView} />
          <Route path="/alarms/windows" component={WindowsView} />
          <Route path="/alarms/rules" component={RulesView} />
          <Route path="/alarms/notifications" component={NotificationsView} />
          <Route path="/maintenance" component={MaintenanceView} />
          <Route path="/maintenance/new" component={NewOrderView} />
          <Route path="/maintenance/plans" component={PlansView} />
          <Route path="/maintenance/reliability" component={ReliabilityView} />
          <Route path="/maintenance/:order">{({ order }) => <OrderView key={order} id={order} />}</Route>
          <Route path="/energy" component={EnergyView} />
          <Route path="/energy/sources" component={EnergySourcesView} />
          <Route path="/energy/curtailment" component={CurtailmentView} />
          <Route path="/energy/months" component={MonthsView} />
          <Route path="/economics" component={EconomicsView} />
          <Route path="/shift" component={ShiftView} />
          <Route path="/status" component={StatusView} />
          <Route path="/status/inbox" component={InboxView} />
          <Route path="/access" component={AccessView} />
          <Route component={NowhereView} />
        </Switch>
      </Suspense>
    </Shell>
  );
};

export const App = ({ site }: { readonly site: Site }): ReactNode => (
  <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
    <SiteProvider value={site}>
      <Screen />
      <Notifications position="top-right" limit={3} />
    </SiteProvider>
  </MantineProvider>
);
