/** What a browser may do with our pages. */
import helmet from "helmet";

/** Security headers for everything this server sends. */
export const securityHeaders = () =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        // Mantine writes its responsive rules into <style> elements and sizes into style attributes at run time; a nonce would
        // cover the former only. A style cannot run code here, since scripts come from 'self' alone.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'", "data:"],
        // Whoever does not trust this server checks its records against a chain node of their own choice.
        connectSrc: ["'self'", "https:", "http://localhost:*", "http://127.0.0.1:*"],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // This server speaks plain HTTP: a promise of HTTPS would lock its own visitors out. A proxy with TLS makes that promise.
    strictTransportSecurity: false,
    // Browsers ignore it over plain HTTP and write a warning into the console.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xFrameOptions: { action: "deny" },
  });
