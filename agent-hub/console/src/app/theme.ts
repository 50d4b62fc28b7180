/** Mantine, dressed in the tokens of `tokens.css`. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const balcao: MantineColorsTuple = [
  "#e9f7f3",
  "#d2ece5",
  "#a6d9cc",
  "#7fd6c1",
  "#5bc4ac",
  "#34a48a",
  "#1f917a",
  "#0f7a68",
  "#0b6658",
  "#075247",
];

/** Mantine's greys for the dark scheme, in our hue: text first, the deepest ground last. */
const dark: MantineColorsTuple = [
  "#e4e9e7",
  "#c3cbc8",
  "#a2aca8",
  "#727d78",
  "#3a4440",
  "#2b3330",
  "#212826",
  "#181d1b",
  "#121615",
  "#0c0f0e",
];

export const theme = createTheme({
  primaryColor: "balcao",
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  colors: { balcao, dark },
  fontFamily: "var(--font)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: {
    xs: "var(--text-sm)",
    sm: "var(--text-md)",
    md: "var(--text-lg)",
    lg: "1rem",
    xl: "var(--text-xl)",
  },
  headings: { fontFamily: "var(--font)", fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "xs" } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } },
      styles: { title: { fontSize: "1rem", fontWeight: 650 } },
    },
    Tooltip: {
      defaultProps: { openDelay: 350, withArrow: true, events: { hover: true, focus: true, touch: false } },
    },
  },
});

const shared = {
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--muted)",
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-placeholder": "var(--muted)",
  "--mantine-color-error": "var(--red)",
};

/** The edge of a field must be seen (3:1): Mantine takes it from these two greys. */
export const resolver: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...shared, "--mantine-color-gray-4": "var(--line-strong)" },
  dark: { ...shared, "--mantine-color-dark-4": "var(--line-strong)" },
});
