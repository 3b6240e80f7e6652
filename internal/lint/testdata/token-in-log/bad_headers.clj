(ns app.core
  (:require [buddy.auth.backends.token :refer [jws-backend]]
            [buddy.auth.middleware :refer [wrap-authentication]]
            [compojure.core :refer [defroutes GET]]
            [taoensso.timbre :as log]))

(def backend
  (jws-backend {:secret (System/getenv "JWT_SECRET")
                :options {:alg :hs512}
                :on-error (fn [request e]
                            (log/warn "token refused" (ex-message e) (-> request :headers)))})) ;; want token-in-log

(defroutes routes (GET "/" [] (fn [_] {:status 200 :body "ok"})))

(def app (wrap-authentication routes backend))
