/** What stands around the words: passed on, from an advertisement, about a product, what the channel says is wrong. */
import { IconArrowForwardUp, IconArrowForwardUpDouble, IconSpeakerphone } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Circumstance, Referral } from "../../../api/types";
import { Card } from "./Card";
import classes from "./Content.module.css";
import { ProductCard } from "./Given";
import { webAddress } from "./shapes";

export function Around({ circumstance }: { circumstance: Circumstance }) {
  const { t } = useTranslation();
  const { forwarded, referral, product } = circumstance;
  return (
    <>
      {forwarded && (
        <p className={classes.kicker} data-testid="forwarded">
          {forwarded === "often" ? (
            <IconArrowForwardUpDouble size={14} aria-hidden="true" />
          ) : (
            <IconArrowForwardUp size={14} aria-hidden="true" />
          )}
          {t(`thread.forwarded_${forwarded}`)}
        </p>
      )}
      {referral && <Advertisement referral={referral} />}
      {product && <ProductCard id={product.product_id} />}
    </>
  );
}

/** Words only: its picture lies elsewhere and is not loaded. */
function Advertisement({ referral }: { referral: Referral }) {
  const { t } = useTranslation();
  const url = webAddress(referral.source_url);
  return (
    <div data-testid="referral">
      <Card
        icon={<IconSpeakerphone size={20} aria-hidden="true" />}
        title={referral.headline ?? t("thread.ad")}
      >
        <span className={classes.faint}>
          {t(referral.source_type === "post" ? "thread.from_post" : "thread.from_ad")}
        </span>
        {referral.body && <span className={classes.clamp}>{referral.body}</span>}
        {url && (
          <a href={url.href} target="_blank" rel="noopener noreferrer">
            {t("thread.ad_open")}
          </a>
        )}
      </Card>
    </div>
  );
}
